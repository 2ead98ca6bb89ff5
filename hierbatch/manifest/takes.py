"""The one reading of a run: every row that was asked for once, with the take that counts.

Parts may hold more than that: takes of older generations, of earlier attempts, and a unit worked twice around a crash.
And they may go while they are read, when another process compacts the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import RunError, VanishedError
from hierbatch.manifest.best_takes import TakeIndex, best_takes, find_takes, with_rivals
from hierbatch.manifest.filters import FilterRule, columns_of, read_filter, rejections
from hierbatch.manifest.parts import open_finished, read_part_rows, read_standing
from hierbatch.manifest.plan_columns import PlanColumns
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.schema import TAKE_NAMES, take_schema
from hierbatch.manifest.take_names import NAME_TYPE, NAMING, row_names

Positions = npt.NDArray[np.int64]

_MOST_LOOKS = 20
"""How often a reading that files vanish under is begun anew; a compaction makes that once or twice."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Which files stood at one moment, and where in them the takes that count."""

    plan: Path
    parts: list[Path]
    index: TakeIndex
    last_attempts: npt.NDArray[np.int16]
    """Of each position, the last attempt that stands, whether it counts or not; 0 where there is none."""


class Takes:
    """A snapshot of a run's takes, in the order of its manifest; reads files only, also while the run goes on.

    Of several takes of a row the best counts: a good one before a failed one, then the one that the fewest rules of a
    corpus reject, then the one with the fewest flags, then among flawed ones the one whose length is nearest to the
    expected, then the last attempt. Columns that pass through come from the newest plan: a take that was kept may have
    moved to another chapter.

    Which rows there are stays as it was when the snapshot was taken. Where a file has gone since, since the run was
    compacted, the rows are looked for once more, and those that were not yet given are read where they lie now.

    Raises:
        RunError: the run has no plan yet, a file of it is damaged, or takes are gone that were there.
    """

    generation: int
    """Whose rows these are: the newest generation that has a plan, unless an older one was asked for."""
    plan_schema: pa.Schema
    """Columns of the plan."""
    schema: pa.Schema
    """Columns of the takes."""
    n_rows: int
    """Rows that were asked for."""
    rules: Collection[FilterRule]
    """Rules on takes, where the run is a corpus."""

    def __init__(self, run: Path, generation: int | None = None) -> None:
        self._folder = RunLayout(run)
        self._asked_for = generation
        self.generation, self._look = self._look_around()

    def __len__(self) -> int:
        """Rows that have a take, good or failed."""
        return len(self._look.index)

    @property
    def ids(self) -> list[str]:
        """Ids that have a take, in the order of the manifest."""
        ids = self.planned(["id"]).column("id")
        return list(ids.take(pa.array(self._look.index["position"])).to_pylist())

    def planned(self, columns: Sequence[str]) -> pa.Table:
        """Some of the plan's columns of all rows, with a take or without, in the order of the manifest."""
        rows = self._of_plan(lambda plan: plan.read(columns=[*columns, "position"]))
        return rows.sort_by("position").select(list(columns))

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of all takes, in the order of the manifest; ask for `audio` only where a run fits in memory."""
        return self._in_order(self._everywhere(), columns)

    def in_pieces(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The same a part at a time and in the order of the parts, for more than fits in memory."""
        for _, rows in self._read(self._everywhere(), columns):
            yield rows

    def sounds(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Encoded sound of the rows that have one; reads only the row groups they stand in."""
        found: dict[str, bytes] = {}
        for _, rows in self._read(self._where_named(ids), ["id", "audio"]):
            contents = zip(rows.column("id").to_pylist(), rows.column("audio").to_pylist(), strict=True)
            found.update((row_id, audio["bytes"]) for row_id, audio in contents if audio)
        return found

    def rows(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Some columns of some rows, in the order of the manifest; reads only the row groups they stand in."""
        return self._in_order(self._where_named(ids), columns)

    def last_attempts(self, positions: Positions) -> npt.NDArray[np.int16]:
        """The last attempt at some rows that stands, whether it counts or not; 0 where there is none."""
        return self._look.last_attempts[positions]

    def _of_plan(self, read: Callable[[pq.ParquetFile], pa.Table]) -> pa.Table:
        """What a function reads of the plan, or of the one that has replaced it."""
        while True:
            try:
                with open_finished(self._look.plan) as file:
                    return read(file)
            except VanishedError:
                self._look_again()

    def _in_order(self, is_wanted: npt.NDArray[np.bool_], columns: Sequence[str]) -> pa.Table:
        tables = [rows.append_column("_at", pa.array(at)) for at, rows in self._read(is_wanted, columns)]
        if not tables:
            return _chosen(self.schema, columns).empty_table()
        return pa.concat_tables(tables).sort_by("_at").drop_columns("_at")

    def _everywhere(self) -> npt.NDArray[np.bool_]:
        """Of each position of the manifest, whether there is a take."""
        has_take = np.zeros(self.n_rows, np.bool_)
        has_take[self._look.index["position"]] = True
        return has_take

    def _where_named(self, ids: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Of each position of the manifest, whether a row of one of these ids is there and has a take."""
        wanted = pa.array(ids, pa.string())

        def find(plan: pq.ParquetFile) -> pa.Table:
            batches = plan.iter_batches(columns=["id", "position"])
            found = [batch.filter(pc.is_in(batch.column("id"), value_set=wanted)) for batch in batches]
            return pa.Table.from_batches(found)

        is_named = np.zeros(self.n_rows, np.bool_)
        is_named[self._of_plan(find).column("position").to_numpy()] = True
        return self._everywhere() & is_named

    def _look_around(self) -> tuple[int, _Look]:
        """The newest generation and its takes, all of one moment."""
        for is_last in (*[False] * (_MOST_LOOKS - 1), True):
            generation = self._newest()
            plans = self._folder.plan_files(generation)
            if not plans:
                raise RunError(f"{self._folder.root} has no plan yet", mend="start it with `hierbatch run`")
            try:
                look = self._look_at(plans)
            except VanishedError:
                if is_last:
                    raise
                continue
            # Parts go only after another plan stands: what was read under one and the same is all there is.
            if self._newest() == generation and self._folder.plan_files(generation)[:1] == plans[:1]:
                break
        return generation, look

    def _newest(self) -> int:
        """The generation to read."""
        return self._asked_for or self._folder.newest_planned()

    def _look_at(self, plans: Sequence[Path]) -> _Look:
        with open_finished(plans[0]) as file:
            self.plan_schema, self.n_rows = file.schema_arrow, file.metadata.num_rows
        self.schema = take_schema(self.plan_schema)
        filter_file = self._folder.corpus_filter
        self.rules = read_filter(filter_file, self.schema) if filter_file.exists() else ()
        parts, takes = find_takes(self._folder.part_files, plans)
        last_attempts = np.zeros(self.n_rows, np.int16)
        np.maximum.at(last_attempts, takes["position"], takes["attempt"])
        look = _Look(plans[0], parts, takes, last_attempts)
        if self.rules:
            self._judge_rivals(look)
        return replace(look, index=best_takes(takes))

    def _look_again(self) -> None:
        """Where the rows of this snapshot lie now that one of its files has gone."""
        generation, look = self._look_around()
        if generation == self.generation:
            look = replace(look, index=look.index[self._everywhere()[look.index["position"]]])
        if generation != self.generation or len(look.index) < len(self):
            raise RunError(
                f"{self._folder.root} was changed while it was read",
                wanted="the takes that were there when the reading began",
                mend="read it again; takes whose part was deleted are made anew by `hierbatch run`",
            )
        self._look = look

    def _judge_rivals(self, look: _Look) -> None:
        """Count for takes that are not the only one of their row how many rules reject them."""
        rivals = with_rivals(look.index)
        chosen = replace(look, index=look.index[rivals])
        pieces = _read_look(chosen, _chosen(self.schema, sorted(columns_of(self.rules))))
        n_rejecting = [len(rejections(row, self.rules)) for _, piece in pieces for row in piece.to_pylist()]
        look.index["n_rejecting"][rivals] = n_rejecting

    def _read(self, is_wanted: npt.NDArray[np.bool_], columns: Sequence[str]) -> Iterator[tuple[Positions, pa.Table]]:
        """Positions and rows, part by part; each position once, whatever becomes of the parts meanwhile."""
        is_left = is_wanted.copy()
        while True:
            look = self._look
            left = replace(look, index=look.index[is_left[look.index["position"]]])
            try:
                for positions, rows in _read_look(left, _chosen(self.schema, columns)):
                    yield positions, rows
                    is_left[positions] = False
            except VanishedError:
                self._look_again()
            else:
                return


def _read_look(look: _Look, schema: pa.Schema) -> Iterator[tuple[Positions, pa.Table]]:
    """Positions and rows with some of the takes' columns, part by part."""
    own = [name for name in schema.names if name in TAKE_NAMES]
    passed = [name for name in schema.names if name not in TAKE_NAMES]
    plan = PlanColumns(look.plan, passed) if passed else None
    index = look.index[np.lexsort((look.index["row"], look.index["part"]))]
    parts, starts = np.unique(index["part"], return_index=True)
    for part, start, end in zip(parts, starts, np.append(starts, len(index))[1:], strict=True):
        positions = index["position"][start:end]
        tables = [plan.at(positions)] if plan else []
        tables += [read_part_rows(look.parts[part], index["row"][start:end], own)] if own else []
        found = {name: table.column(name) for table in tables for name in table.column_names}
        # Measures that a later version added are empty in the parts of an earlier one.
        values = [found.get(name, pa.nulls(end - start)) for name in schema.names]
        yield positions, pa.table(values, names=schema.names).cast(schema)


def _chosen(schema: pa.Schema, columns: Sequence[str]) -> pa.Schema:
    return pa.schema([schema.field(name) for name in columns], metadata=schema.metadata)


def committed_names(folder: RunLayout) -> pa.Array:
    """Names of all takes that stand, whether they count or not."""
    names = [row_names(table) for _, table in read_standing(folder.part_files, NAMING)]
    return pa.concat_arrays(names) if names else pa.array([], NAME_TYPE)
