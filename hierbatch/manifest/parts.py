"""Finished parts of a run, read whole or by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.errors import RunError
from hierbatch.object_path import readable


def read_part(part: Path, columns: Sequence[str]) -> pa.Table:
    """Some columns of all its rows; raises RunError where it is damaged."""
    with _opened(part) as file:
        return file.read(columns=list(columns))


def read_part_rows(part: Path, rows: npt.NDArray[np.int32], columns: Sequence[str]) -> pa.Table:
    """Rows of a part by number, ascending, reading only the row groups they stand in."""
    with _opened(part) as file:
        tables, first = [], 0
        for group in range(file.num_row_groups):
            n_rows = file.metadata.row_group(group).num_rows
            here = rows[(rows >= first) & (rows < first + n_rows)] - first
            if len(here):
                tables.append(file.read_row_group(group, columns=list(columns)).take(pa.array(here)))
            first += n_rows
    return pa.concat_tables(tables)


@contextmanager
def _opened(part: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(readable(part)) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise RunError(
            f"{part} cannot be read",
            got=str(error).splitlines()[0],
            mend="delete it and run again: only its rows are made anew",
        ) from error
