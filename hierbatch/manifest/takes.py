"""The one reading of a run: every row that was asked for once, with the take that counts.

Parts may hold more than that: takes of older generations, of earlier attempts, and a unit worked twice around a crash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import RunError
from hierbatch.manifest.best_takes import TakeIndex, best_takes, find_takes, with_rivals
from hierbatch.manifest.filters import columns_of, read_filter, rejections
from hierbatch.manifest.parts import read_part, read_part_rows
from hierbatch.manifest.plan_columns import PlanColumns
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.schema import TAKE_NAMES, take_schema
from hierbatch.manifest.take_names import NAME_TYPE, NAMING, row_names
from hierbatch.object_path import readable

Positions = npt.NDArray[np.int64]


class Takes:
    """A snapshot of a run's takes, in the order of its manifest; reads files only, also while the run goes on.

    Of several takes of a row the best counts: a good one before a failed one, then the one that the fewest rules of a
    corpus reject, then the one with the fewest flags, then among flawed ones the one whose length is nearest to the
    expected, then the last attempt. Columns that pass through come from the newest plan: a take that was kept may have
    moved to another chapter.
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
        self.rules = read_filter(folder.corpus_filter, self.schema) if folder.corpus_filter.exists() else ()
        """Rules on takes, where the run is a corpus."""
        self._parts = folder.part_files()
        takes = find_takes(self._parts, plans)
        if self.rules:
            self._judge_rivals(takes)
        self._index = best_takes(takes)

    def __len__(self) -> int:
        """Rows that have a take, good or failed."""
        return len(self._index)

    @property
    def ids(self) -> list[str]:
        """Ids that have a take, in the order of the manifest."""
        ids = pq.read_table(readable(self._plan), columns=["id", "position"]).sort_by("position").column("id")
        return list(ids.take(pa.array(self._index["position"])).to_pylist())

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

    def _in_order(self, index: TakeIndex, columns: Sequence[str]) -> pa.Table:
        tables = [rows.append_column("_at", pa.array(at)) for at, rows in self._read(index, columns)]
        if not tables:
            return self._chosen(columns).empty_table()
        return pa.concat_tables(tables).sort_by("_at").drop_columns("_at")

    def _named(self, ids: Sequence[str]) -> TakeIndex:
        wanted = pc.is_in(pc.field("id"), pa.array(ids, pa.string()))
        positions = pq.read_table(readable(self._plan), columns=["position"], filters=wanted).column("position")
        return self._index[np.isin(self._index["position"], positions.to_numpy())]

    def _chosen(self, columns: Sequence[str]) -> pa.Schema:
        return pa.schema([self.schema.field(name) for name in columns], metadata=self.schema.metadata)

    def _judge_rivals(self, takes: TakeIndex) -> None:
        """Count for takes that are not the only one of their row how many rules reject them."""
        rivals = with_rivals(takes)
        pieces = self._read(takes[rivals], sorted(columns_of(self.rules)))
        n_rejecting = [len(rejections(row, self.rules)) for _, piece in pieces for row in piece.to_pylist()]
        takes["n_rejecting"][rivals] = n_rejecting

    def _read(self, index: TakeIndex, columns: Sequence[str]) -> Iterator[tuple[Positions, pa.Table]]:
        """Positions and rows, part by part."""
        schema = self._chosen(columns)
        own = [name for name in columns if name in TAKE_NAMES]
        passed = [name for name in columns if name not in TAKE_NAMES]
        plan = PlanColumns(self._plan, passed) if passed else None
        index = index[np.lexsort((index["row"], index["part"]))]
        parts, starts = np.unique(index["part"], return_index=True)
        for part, start, end in zip(parts, starts, np.append(starts, len(index))[1:], strict=True):
            positions = index["position"][start:end]
            tables = [plan.at(positions)] if plan else []
            tables += [read_part_rows(self._parts[part], index["row"][start:end], own)] if own else []
            found = {name: table.column(name) for table in tables for name in table.column_names}
            # Measures that a later version added are empty in the parts of an earlier one.
            values = [found.get(name, pa.nulls(end - start)) for name in columns]
            yield positions, pa.table(values, names=list(columns)).cast(schema)


def committed_names(folder: RunLayout) -> pa.Array:
    """Names of all takes that stand, whether they count or not."""
    names = [row_names(read_part(part, NAMING)) for part in folder.part_files()]
    return pa.concat_arrays(names) if names else pa.array([], NAME_TYPE)
