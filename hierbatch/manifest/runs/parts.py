"""Readers of the committed parts and plans of a run; compaction may take place while they read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.errors import RunError, VanishedError
from hierbatch.manifest.columns.schema import PLAN_COLUMNS, TAKE_COLUMNS, VOICE_COLUMNS
from hierbatch.object_path import arrow_source, is_remote

REQUESTS_KEY = b"hierbatch_requests"
"""Metadata key that only plans of requested takes have; its value lists the names of the requests."""

_NEVER_NULL = ("id", "take_key", "attempt", "status", "position")
_TYPES = {column.name: column.type for column in (*VOICE_COLUMNS, *PLAN_COLUMNS, *TAKE_COLUMNS)}


@contextmanager
def open_run_file(path: Path, metadata: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
    """Open a part or a plan of a run.

    Args:
        path: the file.
        metadata: footer of the file, if it was read before.

    Raises:
        VanishedError: the file was removed after it was listed.
        RunError: the file is damaged, or comes from another program.
    """
    try:
        with pq.ParquetFile(arrow_source(path), metadata=metadata, pre_buffer=is_remote(path)) as file:
            if metadata is None:
                _check_nulls(file, path)
            yield file
    except (pa.ArrowException, OSError) as error:
        if not path.exists() and (
            is_remote(path) or not path.is_symlink()
        ):  # a dangling link stays until it is deleted
            raise VanishedError(
                f"{path} was removed while it was read",
                expected="a run without concurrent compaction",
                fix="read the run again",
            ) from error
        raise RunError(
            f"{path} cannot be read",
            got=str(error).splitlines()[0],
            fix="delete it and run again: takes in other files are kept",
        ) from error


def read_committed_parts(
    list_parts: Callable[[], list[Path]], columns: Sequence[str]
) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the path and some columns of every committed part, even during compaction.

    If a part was removed before it could be read, its rows are in other parts, so the parts are listed again.

    Raises:
        RunError: a part is damaged.
    """
    seen: set[Path] = set()
    gone: set[Path] = set()
    while fresh := [part for part in list_parts() if part not in seen or part in gone]:
        if stuck := gone.intersection(fresh):
            raise RunError(
                f"{min(stuck)} cannot be read", got="a directory entry without a file", fix="delete it and run again"
            )
        for part in fresh:
            seen.add(part)
            try:
                table = read_part_columns(part, columns)
            except VanishedError:
                gone.add(part)
            else:
                yield part, table
        if not gone:
            return


def read_part_columns(part: Path, columns: Sequence[str]) -> pa.Table:
    """Some columns of a committed part.

    Raises:
        VanishedError: the part was removed.
        RunError: the part is damaged, or comes from another program.
    """
    with open_run_file(part) as file:
        table = file.read(columns=list(columns))
        check_columns(table.schema, part, columns)
        table.validate(full=True)
        return table


def check_columns(schema: pa.Schema, path: Path, columns: Sequence[str]) -> None:
    """Check that a file, which may come from another program, has columns of the right types.

    Args:
        schema: schema of the file.
        path: path of the file, used in error messages only.
        columns: names of the columns that are needed, of takes, plans or voices.

    Raises:
        RunError: a column is missing or has another type.
    """
    wrong = [name for name in columns if name not in schema.names or schema.field(name).type != _TYPES[name]]
    if wrong:
        raise RunError(
            f"{path} is not a file of this run",
            expected=f"columns {', '.join(columns)}",
            got=f"no {', '.join(wrong)} of the right type",
            fix="move it out of the folder",
        )


def _check_nulls(file: pq.ParquetFile, path: Path) -> None:
    """Check, with the statistics in a file, that the columns that identify its rows have no empty values."""
    wanted = [at for at, name in enumerate(file.schema.names) if name in _NEVER_NULL]
    for group in range(file.num_row_groups):
        for at in wanted:
            column = file.metadata.row_group(group).column(at)
            if column.path_in_schema in _NEVER_NULL and column.is_stats_set and column.statistics.null_count:
                raise RunError(
                    f"{path} is not a file of this run",
                    expected=f"a value of {column.path_in_schema} in each row",
                    got=f"{column.statistics.null_count} rows without one",
                    fix="move it out of the folder",
                )


def read_voice_rows(path: Path) -> pa.Table:
    """Read the voice table of a run.

    Raises:
        RunError: the file is damaged, or comes from another program.
    """
    with open_run_file(path) as file:
        check_columns(file.schema_arrow, path, ("voice", "consent"))
        table = file.read()
        table.validate(full=True)
        return table


def read_part_rows(part: Path, rows: npt.NDArray[np.int32], columns: Sequence[str]) -> pa.Table:
    """Read rows of a part by row number; only the row groups that contain them are read.

    Args:
        part: part file.
        rows: row numbers, ascending.
        columns: columns to read.

    Raises:
        VanishedError: the part was removed.
        RunError: the part is damaged.
    """
    with open_run_file(part) as file:
        tables, first = [], 0
        for group in range(file.num_row_groups):
            n_rows = file.metadata.row_group(group).num_rows
            in_group = rows[(rows >= first) & (rows < first + n_rows)] - first
            if len(in_group):
                tables.append(file.read_row_group(group, columns=list(columns)).take(pa.array(in_group)))
            first += n_rows
    return pa.concat_tables(tables)
