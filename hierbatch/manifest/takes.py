"""The one reading of a run: every row that was asked for once, with the take that counts.

Parts may hold more than that: takes of older generations, of earlier attempts, and a unit worked twice around a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import RunError
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.schema import TAKE_NAMES, take_schema

Positions = npt.NDArray[np.int64]

NAMING = ("id", "take_key", "attempt")
"""Columns that name one take of one row."""

_INDEX = pa.schema(
    [
        ("id", pa.string()),
        ("take_key", pa.string()),
        ("attempt", pa.int16()),
        ("status", pa.string()),
        ("n_flags", pa.int16()),
        ("length_off", pa.float32()),
        ("part", pa.int32()),
        ("row", pa.int32()),
    ]
)


class Takes:
    """A snapshot of a run's takes, in the order of its manifest; reads files only, also while the run goes on.

    Of several takes of a row the best counts: a good one before a failed one, then the one with the fewest flags, then
    among flagged ones the one whose length is nearest to the expected, then the last attempt. Columns that pass through
    come from the newest plan: a take that was kept may have moved to another chapter.
    """

    def __init__(self, run: Path) -> None:
        folder = RunLayout(run)
        plans = folder.plan_files(folder.newest_planned())
        if not plans:
            raise RunError(f"{run} has no plan yet", mend="start it with `hierbatch run`")
        self._plan = plans[0]
        self.schema = take_schema(pq.read_schema(self._plan))
        """Columns of the takes."""
        self.n_rows = pq.read_metadata(self._plan).num_rows
        """Rows that were asked for."""
        self._parts = folder.part_files()
        asked = pa.concat_tables(pq.read_table(plan, columns=[*NAMING, "position"]) for plan in plans)
        self._index = _counting(_read_index(self._parts), asked)

    def __len__(self) -> int:
        """Rows that have a take, good or failed."""
        return int(self._index.num_rows)

    @property
    def ids(self) -> list[str]:
        """Ids that have a take, in the order of the manifest."""
        return list(self._index.column("id").to_pylist())

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of all takes, in the order of the manifest; ask for `audio` only where a run fits in memory."""
        return self._in_order(self._index, columns)

    def in_pieces(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The same a part at a time and in the order of the parts, for more than fits in memory."""
        for _, rows in self._read(self._index, columns):
            yield rows

    def sounds(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Encoded sound of the rows that have one; reads only the row groups they stand in."""
        found: dict[str, bytes] = {}
        for _, rows in self._read(self._named(ids), ["id", "audio"]):
            contents = zip(rows.column("id").to_pylist(), rows.column("audio").to_pylist(), strict=True)
            found.update((row_id, audio["bytes"]) for row_id, audio in contents if audio)
        return found

    def rows(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Some columns of some rows, in the order of the manifest; reads only the row groups they stand in."""
        return self._in_order(self._named(ids), columns)

    def _in_order(self, index: pa.Table, columns: Sequence[str]) -> pa.Table:
        tables = [rows.append_column("_at", pa.array(at)) for at, rows in self._read(index, columns)]
        if not tables:
            return self._chosen(columns).empty_table()
        return pa.concat_tables(tables).sort_by("_at").drop_columns("_at")

    def _named(self, ids: Sequence[str]) -> pa.Table:
        return self._index.filter(pc.is_in(self._index.column("id"), pa.array(ids, pa.string())))

    def _chosen(self, columns: Sequence[str]) -> pa.Schema:
        return pa.schema([self.schema.field(name) for name in columns], metadata=self.schema.metadata)

    def _read(self, index: pa.Table, columns: Sequence[str]) -> Iterator[tuple[Positions, pa.Table]]:
        """Positions and rows, part by part."""
        schema = self._chosen(columns)
        own = [name for name in columns if name in TAKE_NAMES]
        passed = [name for name in columns if name not in TAKE_NAMES]
        plan = pq.read_table(self._plan, columns=["position", *passed]).sort_by("position")
        index = index.sort_by([("part", "ascending"), ("row", "ascending")])
        rows, positions = index.column("row").to_numpy(), index.column("position").to_numpy()
        parts, starts = np.unique(index.column("part").to_numpy(), return_index=True)
        for part, start, end in zip(parts, starts, np.append(starts, len(index))[1:], strict=True):
            here = slice(start, end)
            table = plan.take(pa.array(positions[here]))
            if own:
                takes = _read_rows(self._parts[part], rows[here], own)
                table = pa.table([*table.columns, *takes.columns], names=[*table.column_names, *takes.column_names])
                # Measures that a later version added are empty in the parts of an earlier one.
                for name in (name for name in own if name not in takes.column_names):
                    table = table.append_column(name, pa.nulls(len(table), schema.field(name).type))
            yield positions[here], table.select(list(columns)).cast(schema)


def committed_names(folder: RunLayout) -> pa.Array:
    """Names of all takes that stand, whether they count or not."""
    tables = [_read_part(part, NAMING) for part in folder.part_files()]
    return row_names(pa.concat_tables(tables)) if tables else pa.array([], pa.large_string())


def row_names(table: pa.Table) -> pa.Array:
    """One string for each row's id, key and attempt: two ids may share a key, and a row with its own seed keeps it."""
    columns = [table.column(name).combine_chunks().cast(pa.large_string()) for name in NAMING]
    return pc.binary_join_element_wise(*columns, pa.scalar(" ", pa.large_string()))


def _read_index(parts: Iterable[Path]) -> pa.Table:
    """Every take that stands, and where."""
    tables = [_INDEX.empty_table()]
    for number, part in enumerate(parts):
        table = _with_faults(_read_part(part, [*NAMING, "status", "flags", "duration_ratio"]))
        table = table.append_column("part", pa.array(np.full(len(table), number)))
        table = table.append_column("row", pa.array(np.arange(len(table))))
        tables.append(table.select(_INDEX.names).cast(_INDEX))
    return pa.concat_tables(tables)


def _with_faults(table: pa.Table) -> pa.Table:
    """How many flags a take has and, where it has any, how far its length is from the expected, as a log ratio."""
    n_flags = pc.fill_null(pc.list_value_length(table.column("flags")), 0)
    off = pc.abs(pc.ln(table.column("duration_ratio")))
    off = pc.if_else(pc.greater(n_flags, 0), pc.fill_null(off, 0.0), 0.0)
    return table.append_column("n_flags", n_flags).append_column("length_off", off)


def _counting(index: pa.Table, asked: pa.Table) -> pa.Table:
    """The take that counts of each row asked for: the best, in the order that `Takes` tells."""
    index = index.append_column("name", row_names(index))
    asked = asked.select(["position"]).append_column("name", row_names(asked))
    index = index.join(asked, keys="name", join_type="inner")
    index = index.append_column("is_ok", pc.equal(index.column("status"), "ok"))
    best_first = [("is_ok", "descending"), ("n_flags", "ascending"), ("length_off", "ascending")]
    index = index.sort_by([("position", "ascending"), *best_first, ("attempt", "descending")])
    positions = index.column("position").to_numpy()
    is_first = np.diff(positions, prepend=-1) != 0
    return index.filter(pa.array(is_first)).select(["id", "position", "part", "row"])


def _read_part(part: Path, columns: Sequence[str]) -> pa.Table:
    with _opened(part) as file:
        return file.read(columns=list(columns))


def _read_rows(part: Path, rows: Positions, columns: Sequence[str]) -> pa.Table:
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
        with pq.ParquetFile(part) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise RunError(
            f"{part} cannot be read",
            got=str(error).splitlines()[0],
            mend="delete it and run again: only its rows are made anew",
        ) from error
