"""Cast of a book: the voice of each character, read from a table that the user edits."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from hierbatch.errors import InputError
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.tables.store import open_table

NARRATION = "(narration)"
"""Name of the cast entry whose voice is used for rows without a voice of their own."""

_COLUMNS = (
    Column("character", pa.string(), "Name of the character, as in the column `character` of the manifest."),
    Column("voice", pa.string(), "A `voice` of the voices table; empty leaves the character to the narrator."),
)


def read_cast(path: Path) -> dict[str, str]:
    """Read the voice of each character and of `NARRATION`, by name; characters without a voice are left out.

    Raises:
        InputError: the table is unreadable, lacks a column, or lists a character twice.
    """
    table = open_table(path, _COLUMNS)
    missing = [column.name for column in _COLUMNS if column.name not in table.valid_columns]
    if missing:
        raise InputError(
            f"{path} is no cast",
            expected="columns character and voice",
            got="; ".join(table.problems) or f"no column {', '.join(missing)}",
            fix="correct the table",
        )
    rows = [row for batch in table.batches(["character", "voice"]) for row in batch.to_pylist() if row["character"]]
    names = [row["character"] for row in rows]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"{path} has characters twice", got=", ".join(repeated[:10]), fix="remove one line of each")
    return {row["character"]: row["voice"] for row in rows if row["voice"]}
