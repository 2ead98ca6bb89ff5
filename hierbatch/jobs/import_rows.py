"""Conversion of a table of rows to a Parquet manifest."""

from __future__ import annotations

from pathlib import Path

from hierbatch.errors import InputError, ManifestError
from hierbatch.manifest.columns.schema import MANIFEST_COLUMNS, MANIFEST_SCHEMA
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.store import open_table


def import_rows(source: Path, output: Path) -> int:
    """Write the rows of a table as Parquet, with known columns in their declared types.

    Returns:
        Number of rows.

    Raises:
        ManifestError: the table is missing, unreadable, or has columns of a wrong type.
        InputError: `output` does not end in .parquet or cannot be written.
        StorageError: the disk is full.
    """
    if output.suffix.lower() != ".parquet":
        raise InputError(
            "The manifest format is not supported",
            expected="a name ending in .parquet",
            got=str(output),
            fix="rename the output file",
        )
    table = open_table(source, MANIFEST_COLUMNS)
    if table.problems:
        raise ManifestError(f"{source} is not a valid manifest", got="; ".join(table.problems), fix="correct the table")
    schema = table.schema.with_metadata(MANIFEST_SCHEMA.metadata)
    return write_table(table.batches(), schema, output)
