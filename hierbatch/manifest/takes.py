"""The one reading of a run: every row that was asked for once, with the take that counts.

Parts may hold more than that: takes of older generations, of earlier attempts, and a unit worked twice around a crash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import RunError
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.schema import TAKE_NAMES, take_schema
from hierbatch.object_path import readable

Positions = npt.NDArray[np.int64]

NAMING = ("id", "take_key", "attempt")
"""Columns that name one take of one row."""

_NAME_BYTES = 16

_INDEX = np.dtype(
    [
        ("is_ok", np.bool_),
        ("n_flags", np.int16),
        ("length_off", np.float32),
        ("attempt", np.int16),
        ("part", np.int32),
        ("row", np.int32),
    ]
)
"""What is kept of every take that stands: a few bytes, since a run may hold many millions."""


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
        self.schema = take_schema(pq.read_schema(readable(self._plan)))
        """Columns of the takes."""
        self.n_rows = pq.read_metadata(readable(self._plan)).num_rows
        """Rows that were asked for."""
        self._parts = folder.part_files()
        self._index = _counting(self._parts, *_read_asked(plans))

    def __len__(self) -> int:
        """Rows that have a take, good or failed."""
        return int(self._index.num_rows)

    @property
    def ids(self) -> list[str]:
        """Ids that have a take, in the order of the manifest."""
        ids = pq.read_table(readable(self._plan), columns=["id", "position"]).sort_by("position").column("id")
        return list(ids.take(self._index.column("position").sort()).to_pylist())

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
        wanted = pc.is_in(pc.field("id"), pa.array(ids, pa.string()))
        positions = pq.read_table(readable(self._plan), columns=["position"], filters=wanted).column("position")
        return self._index.filter(pc.is_in(self._index.column("position"), positions.combine_chunks()))

    def _chosen(self, columns: Sequence[str]) -> pa.Schema:
        return pa.schema([self.schema.field(name) for name in columns], metadata=self.schema.metadata)

    def _read(self, index: pa.Table, columns: Sequence[str]) -> Iterator[tuple[Positions, pa.Table]]:
        """Positions and rows, part by part."""
        schema = self._chosen(columns)
        own = [name for name in columns if name in TAKE_NAMES]
        passed = [name for name in columns if name not in TAKE_NAMES]
        plan = pq.read_table(readable(self._plan), columns=["position", *passed]).sort_by("position")
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
    names = [row_names(_read_part(part, NAMING)) for part in folder.part_files()]
    return pa.concat_arrays(names) if names else pa.array([], pa.binary(_NAME_BYTES))


def row_names(table: pa.Table) -> pa.Array:
    """Sixteen bytes for each row's id, key and attempt: two ids may share a key, and a row with its own seed keeps it.

    A hash: a million names then take 16 MB, and no two of 10^12 rows share one with a chance above 10^-14.
    """
    columns = [table.column(name).combine_chunks().cast(pa.large_string()) for name in NAMING]
    written = pc.binary_join_element_wise(*columns, pa.scalar(" ", pa.large_string())).to_pylist()
    digests = [blake2b(name.encode(), digest_size=_NAME_BYTES).digest() for name in written]
    return pa.array(digests, pa.binary(_NAME_BYTES))


def _read_asked(plans: Iterable[Path]) -> tuple[pa.Array, Positions]:
    """Names of all rows that some plans ask for, and their positions."""
    names, positions = [], []
    for plan in plans:
        with pq.ParquetFile(readable(plan)) as file:
            for batch in file.iter_batches(columns=[*NAMING, "position"]):
                names.append(row_names(pa.Table.from_batches([batch])))
                positions.append(batch.column("position").to_numpy())
    return pa.concat_arrays(names), np.concatenate(positions)


def _counting(parts: Sequence[Path], asked: pa.Array, positions: Positions) -> pa.Table:
    """Position, part and row of the take that counts of each row asked for: the best, in the order `Takes` tells."""
    found = [(row_names(table), _facts(table, number)) for number, table in enumerate(map(_read_judged, parts))]
    if not found:
        return pa.table({name: pa.array([], pa.int64()) for name in ("position", "part", "row")})
    at = pc.index_in(pa.chunked_array([names for names, _ in found]), value_set=asked)
    takes = np.concatenate([facts for _, facts in found])
    is_asked = at.is_valid().to_numpy()
    takes, positions = takes[is_asked], positions[at.drop_null().to_numpy()]
    # The last key is the first to sort by.
    best_first = (-takes["attempt"], takes["length_off"], takes["n_flags"], ~takes["is_ok"], positions)
    order = np.lexsort(best_first)
    order = order[np.diff(positions[order], prepend=-1) != 0]
    return pa.table({"position": positions[order], "part": takes["part"][order], "row": takes["row"][order]})


def _read_judged(part: Path) -> pa.Table:
    return _read_part(part, [*NAMING, "status", "flags", "duration_ratio"])


def _facts(table: pa.Table, part: int) -> npt.NDArray[np.void]:
    """An entry of the index for each row of a part.

    How far a length is from the expected, as a log ratio, is asked only of takes that have flags.
    """
    facts = np.zeros(len(table), _INDEX)
    facts["is_ok"] = pc.equal(table.column("status"), "ok").to_numpy()
    facts["n_flags"] = pc.fill_null(pc.list_value_length(table.column("flags")), 0).to_numpy()
    off = pc.fill_null(pc.abs(pc.ln(table.column("duration_ratio"))), 0.0).to_numpy()
    facts["length_off"] = np.where(facts["n_flags"] > 0, off, 0.0)
    facts["attempt"] = table.column("attempt").to_numpy()
    facts["part"], facts["row"] = part, np.arange(len(table))
    return facts


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
        with pq.ParquetFile(readable(part)) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise RunError(
            f"{part} cannot be read",
            got=str(error).splitlines()[0],
            mend="delete it and run again: only its rows are made anew",
        ) from error
