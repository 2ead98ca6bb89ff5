"""Atomic writing of Parquet files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.manifest.columns.schema import AUDIO, AUDIO_ROW_GROUP, TEXT_ROW_GROUP
from hierbatch.manifest.tables.large_values import (
    LargeValue,
    insert_large_values,
    split_large_values,
    take_large_values,
)
from hierbatch.storage import write_atomically


def write_table(tables: Iterable[pa.Table], schema: pa.Schema, target: Path) -> int:
    """Write tables to one Parquet file, atomically, and return the number of rows.

    Args:
        tables: tables in order.
        schema: schema of the file; other columns are dropped.
        target: path of the file.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be created or written to.
    """
    with write_atomically(target) as temporary:
        return write_rows(tables, schema, temporary)


def write_rows(tables: Iterable[pa.Table], schema: pa.Schema, path: Path) -> int:
    """Write tables directly to a Parquet file, for callers that rename the file afterwards.

    Args:
        tables: tables in order.
        schema: schema of the file; other columns are dropped.
        path: path of the file.

    Returns:
        Number of rows.

    Raises:
        OSError: the file cannot be written.
    """
    has_sound = AUDIO in schema.types
    conformed = (table.select(schema.names).cast(schema) for table in tables)
    n_rows = n_groups = 0
    large: list[LargeValue] = []
    # Encoded audio does not compress further; without compression, large values are not copied either.
    compressed = [name for field in schema if field.type != AUDIO for name in _leaves(field)]
    uncompressed = {name: "NONE" for field in schema if field.type == AUDIO for name in _leaves(field)}
    codecs = dict.fromkeys(compressed, "zstd") | uncompressed
    group_rows = AUDIO_ROW_GROUP if has_sound else TEXT_ROW_GROUP
    with pq.ParquetWriter(
        path, schema, compression=codecs, use_dictionary=compressed, write_statistics=compressed
    ) as writer:
        for table in split_large_values(conformed) if has_sound else _regroup(conformed, TEXT_ROW_GROUP):
            small, values = take_large_values(table, n_groups) if has_sound else (table, [])
            large += values
            writer.write_table(small, row_group_size=group_rows)
            n_rows += table.num_rows
            n_groups += -(-table.num_rows // group_rows)
    if large:
        insert_large_values(path, large)
    return n_rows


def _regroup(tables: Iterable[pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables whose lengths are multiples of `n_rows`, except for the last table."""
    pending: list[pa.Table] = []
    for table in tables:
        pending.append(table)
        if sum(map(len, pending)) >= n_rows:
            joined = pa.concat_tables(pending)
            n_full = len(joined) // n_rows * n_rows
            yield joined.slice(0, n_full)
            pending = [joined.slice(n_full)]
    if pending:
        yield pa.concat_tables(pending)


def _leaves(field: pa.Field) -> Iterator[str]:
    """Yield the names of the Parquet columns that store a field, which may be nested."""
    if pa.types.is_struct(field.type):
        yield from (f"{field.name}.{leaf}" for child in field.type for leaf in _leaves(child))
    elif pa.types.is_list(field.type):
        yield from (f"{field.name}.list.{leaf}" for leaf in _leaves(field.type.value_field.with_name("element")))
    else:
        yield field.name
