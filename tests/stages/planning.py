"""A plan of rows to speak, made by code."""

import pyarrow as pa

from hierbatch.manifest.columns.schema import plan_schema
from tests.making import phonemes


def plan(n_rows, faults=None, **columns):
    faults = faults or {}
    rows = {
        "position": range(n_rows),
        "unit": [0] * n_rows,
        "attempt": [1] * n_rows,
        "take_key": ["k"] * n_rows,
        "own_seed": [None] * n_rows,
        "attempts_made": [None] * n_rows,
        "text_norm": [""] * n_rows,
        "expected_duration_s": [0.08 * len(phonemes(i).split()) for i in range(n_rows)],
        "error_kind": [None] * n_rows,
        "error": [None] * n_rows,
        "foreign_words": [None] * n_rows,
        "id": [f"r{i}" for i in range(n_rows)],
        "voice": ["anna"] * n_rows,
        "language": ["en"] * n_rows,
        "phonemes": [phonemes(i) for i in range(n_rows)],
        "seed": [int(faults.get(i, 1000 + i)) for i in range(n_rows)],
        "speed": [1.0] * n_rows,
        "pitch_semitones": [0.0] * n_rows,
        "prosody": [1.0] * n_rows,
        "mood": ["calm"] * n_rows,
    } | columns
    return pa.table(rows, schema=plan_schema(pa.schema([("id", pa.string()), ("mood", pa.string())])))
