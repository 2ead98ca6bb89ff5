"""Columns of Arrow tables."""

from __future__ import annotations

import pyarrow as pa


def with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Append the column `name` with `values`, or replace its values if `rows` already has the column."""
    at = rows.schema.get_field_index(name)
    return rows.append_column(name, values) if at < 0 else rows.set_column(at, name, values)
