"""Rows of a plan, made by code."""

import pyarrow as pa


def rows(n_rows, unit=0):
    return pa.table(
        {
            "id": [f"u{unit}r{i}" for i in range(n_rows)],
            "take_key": ["k"] * n_rows,  # the same for all: two rows may well ask for the same sound
            "attempt": pa.array([1] * n_rows, pa.int16()),
            "unit": pa.array([unit] * n_rows, pa.int32()),
            "expected_duration_s": pa.array([2.0] * n_rows, pa.float32()),
            "error_kind": pa.nulls(n_rows, pa.string()),
            "error": pa.nulls(n_rows, pa.string()),
        }
    )
