"""Reader of a run: each planned row once, with its best take.

Parts can contain more: takes of older generations, of earlier attempts, and of a work unit that was processed twice
around a crash. Parts can also disappear while they are read, if another process compacts the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import RunError, VanishedError
from hierbatch.manifest.best_takes import best_takes, competing_takes, index_takes
from hierbatch.manifest.choices import Choices, read_choices
from hierbatch.manifest.filters import FilterRule, read_filter, rejections, rule_columns
from hierbatch.manifest.measures import declared_columns
from hierbatch.manifest.parts import open_run_file, read_committed_parts
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.schema import take_schema
from hierbatch.manifest.snapshot import (
    Positions,
    Snapshot,
    planned_values,
    read_candidates,
    read_snapshot_rows,
    redecide,
    select_fields,
)
from hierbatch.manifest.take_ids import NAME_TYPE, TAKE_ID_COLUMNS, row_names
from hierbatch.manifest.verdicts import VerdictNames

_MAX_REMEMBERED = 20_000
"""Ids whose positions are kept."""

_MAX_RESCANS = 20
"""Maximum number of scans if files disappear during a scan; a compaction causes one or two."""


class Takes:
    """Snapshot of the takes of a run, in manifest order; reads files only, and works during a run.

    The best take of a row is, in this order: pinned by a listener, kept by one, successful rather than failed, planned
    rather than requested, rejected by the fewest filter rules, with the fewest flags, with the duration nearest to the
    expected one (among flawed takes), the first attempt of good takes and the last one of others. If listeners rejected
    all takes of a row, the row is a failed one. Pass-through columns come from the newest plan, since a reused take may
    have moved to another chapter, and for a requested take from its request.

    The set of rows is fixed when the snapshot is taken. If a file was removed since by compaction, the run is scanned
    again, and the rows not yet returned are read from their new location.

    Raises:
        RunError: the run has no plan yet, one of its files is damaged, or takes have disappeared.
    """

    generation: int
    """Generation of the rows: the newest one with a plan, unless another was requested."""
    plan_schema: pa.Schema
    """Columns of the plan."""
    schema: pa.Schema
    """Columns of the takes."""
    n_rows: int
    """Number of planned rows."""
    rules: Collection[FilterRule]
    """Filter rules, if the run is a corpus."""
    choices: Choices
    """Decisions of listeners."""

    def __init__(self, run: Path, generation: int | None = None) -> None:
        self._folder = RunLayout(run)
        self._requested_generation = generation
        self._position_of: dict[str, int] = {}
        self.generation, self._snapshot = self._scan()

    @property
    def rule_columns(self) -> set[str]:
        """Columns of the filter rules, without those that no take has yet."""
        return rule_columns(self.rules) & set(self.schema.names)

    @property
    def locations(self) -> tuple[list[Path], pa.Table]:
        """Part files, and `position`, `part` and `row` of the best take of each row that has one, by position."""
        index = self._snapshot.index
        names = ("position", "part", "row")
        return self._snapshot.parts, pa.table({name: pa.array(np.ascontiguousarray(index[name])) for name in names})

    @property
    def added_measures(self) -> frozenset[str]:
        """Columns of measures that are not built in."""
        return frozenset(column.name for column in declared_columns(self.schema))

    def __len__(self) -> int:
        """Number of rows with a take, successful or failed."""
        return len(self._snapshot.index)

    @property
    def ids(self) -> list[str]:
        """Ids of rows with a take, in manifest order."""
        ids = self.planned(["id"]).column("id")
        return list(ids.take(pa.array(self._snapshot.index["position"])).to_pylist())

    def planned(self, columns: Sequence[str], ids: Sequence[str] | None = None) -> pa.Table:
        """Plan columns of rows, with or without a take, in manifest order.

        Args:
            columns: columns of the plan.
            ids: ids of the rows; None means all.
        """
        while True:
            positions = None if ids is None else self._positions(ids)
            try:
                return planned_values(self._snapshot, columns, positions)
            except VanishedError:
                self._rescan()

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Columns of all takes, in manifest order; request `audio` only if the whole run fits into memory."""
        return self._in_order(self._has_take(), columns)

    def iter_tables(self, columns: Sequence[str], *, as_decided: bool = True) -> Iterator[pa.Table]:
        """Yield columns of all takes, one part at a time in part order, for runs larger than memory.

        Args:
            columns: columns of the takes.
            as_decided: return takes that listeners rejected as failed ones; otherwise as they were made.
        """
        for _, rows in self._read(self._has_take(), columns, as_decided=as_decided):
            yield rows

    def sounds(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Encoded audio of some rows, without failed ones; reads only the row groups that contain them."""
        found: dict[str, bytes] = {}
        for _, rows in self._read(self._find_ids(ids), ["id", "audio"]):
            contents = zip(rows.column("id").to_pylist(), rows.column("audio").to_pylist(), strict=True)
            found.update((row_id, audio["bytes"]) for row_id, audio in contents if audio)
        return found

    def rows(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Columns of some rows, in manifest order; reads only the row groups that contain them."""
        return self._in_order(self._find_ids(ids), columns)

    def candidates(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """All takes of some rows, rejected ones with their audio, in manifest order and by attempt.

        Args:
            ids: ids of the rows.
            columns: columns of the takes.

        Returns:
            The columns, and `is_best` (True for the take that `table` returns) and `verdict` (`keep`, `reject`, `pin`
            or null).
        """
        names = list(dict.fromkeys((*TAKE_ID_COLUMNS, *columns)))
        is_wanted = self._find_ids(ids)
        while True:
            try:
                rows = read_candidates(self._snapshot, is_wanted, select_fields(self.schema, names))
            except VanishedError:
                self._rescan()
            else:
                verdicts = [self.choices.verdict(*take.values()) for take in rows.select(TAKE_ID_COLUMNS).to_pylist()]
                rows = rows.append_column("verdict", pa.array(verdicts, pa.string()))
                return rows.select([*columns, "is_best", "verdict"])

    def redecided(self) -> Takes:
        """The same takes with the newest decisions; of the parts, only the rows with new verdicts are read.

        Raises:
            RunError: a file of decisions cannot be read, or takes have disappeared.
        """
        changed = copy(self)
        changed.choices = read_choices(self._folder.root)
        ids = [
            row_id
            for row_id in changed.choices
            if changed.choices.row(row_id).verdicts != self.choices.row(row_id).verdicts
        ]
        if ids:
            verdicts = VerdictNames.from_choices(changed.choices)
            changed._snapshot = redecide(self._snapshot, self._find_ids(ids), verdicts)
        return changed

    def is_same_as(self, earlier: Takes) -> bool:
        """True if the take of every row is the same one in both snapshots, at the same place."""
        return self._snapshot is earlier._snapshot

    def last_attempts(self, positions: Positions) -> npt.NDArray[np.int16]:
        """Last committed attempt at each position, whether or not it is the best; 0 if there is none."""
        return self._snapshot.last_attempts[positions]

    def _read_plan(self, read: Callable[[pq.ParquetFile], pa.Table]) -> pa.Table:
        """Apply a function to the plan file, or to the file that has replaced it."""
        while True:
            try:
                with open_run_file(self._snapshot.plans[0]) as file:
                    return read(file)
            except VanishedError:
                self._rescan()

    def _in_order(self, is_wanted: npt.NDArray[np.bool_], columns: Sequence[str]) -> pa.Table:
        tables = [rows.append_column("_at", pa.array(at)) for at, rows in self._read(is_wanted, columns)]
        if not tables:
            return select_fields(self.schema, columns).empty_table()
        return pa.concat_tables(tables).sort_by("_at").drop_columns("_at")

    def _has_take(self) -> npt.NDArray[np.bool_]:
        """Boolean mask of manifest positions with a take."""
        has_take = np.zeros(self.n_rows, np.bool_)
        has_take[self._snapshot.index["position"]] = True
        return has_take

    def remember(self, positions: Mapping[str, int]) -> None:
        """Keep the positions of some ids, which saves searching for them."""
        if len(self._position_of) + len(positions) > _MAX_REMEMBERED:
            self._position_of.clear()
        self._position_of.update(positions)

    def _find_ids(self, ids: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Boolean mask of manifest positions with one of these ids and a take."""
        is_named = np.zeros(self.n_rows, np.bool_)
        is_named[self._positions(ids)] = True
        return self._has_take() & is_named

    def _positions(self, ids: Sequence[str]) -> Positions:
        """Manifest positions of the rows with these ids, ascending."""
        known = {row_id: at for row_id in ids if (at := self._position_of.get(row_id)) is not None}
        if unknown := [row_id for row_id in ids if row_id not in known]:
            id_set = pa.array(unknown, pa.string())

            def find(plan: pq.ParquetFile) -> pa.Table:
                batches = plan.iter_batches(columns=["id", "position"])
                found = [batch.filter(pc.is_in(batch.column("id"), value_set=id_set)) for batch in batches]
                return pa.Table.from_batches(found)

            read = self._read_plan(find)
            found = dict(zip(read.column("id").to_pylist(), read.column("position").to_pylist(), strict=True))
            if len(found) <= _MAX_REMEMBERED:
                self.remember(found)
            known |= found
        return np.unique(np.array(list(known.values()), np.int64))

    def _scan(self) -> tuple[int, Snapshot]:
        """Consistent snapshot of the newest generation."""
        for is_last in (*[False] * (_MAX_RESCANS - 1), True):
            generation = self._newest()
            plans = self._folder.plan_files(generation)
            if not plans:
                raise RunError(f"{self._folder.root} has no plan yet", fix="start it with `hierbatch run`")
            try:
                snapshot = self._read_snapshot(plans)
            except VanishedError:
                if is_last:
                    raise
                continue
            # Parts are removed only after a new plan is written: if the plan is unchanged, the snapshot is complete.
            if self._newest() == generation and self._folder.plan_files(generation)[:1] == plans[:1]:
                break
        return generation, snapshot

    def _newest(self) -> int:
        """Number of the generation to read."""
        return self._requested_generation or self._folder.newest_generation()

    def _read_snapshot(self, plans: Sequence[Path]) -> Snapshot:
        with open_run_file(plans[0]) as file:
            self.plan_schema, self.n_rows = file.schema_arrow, file.metadata.num_rows
        self.choices = read_choices(self._folder.root)
        verdicts = VerdictNames.from_choices(self.choices)
        parts, takes, measured = index_takes(self._folder.part_files, plans, verdicts)
        filter_file = self._folder.corpus_filter
        # Its columns were checked when the run began; a measure that is new to the run has no column yet.
        self.rules = read_filter(filter_file, None) if filter_file.exists() else ()
        self.schema = take_schema(self.plan_schema, measured)
        last_attempts = np.zeros(self.n_rows, np.int16)
        np.maximum.at(last_attempts, takes["position"], takes["attempt"])
        competing = takes[competing_takes(takes)]
        snapshot = Snapshot(list(plans), parts, takes, competing, last_attempts)
        if self.rules:
            self._count_rejections(snapshot)
        return replace(snapshot, index=best_takes(takes), competing=takes[competing_takes(takes)])

    def _rescan(self) -> None:
        """Locate the rows of this snapshot again after one of its files was removed."""
        generation, snapshot = self._scan()
        if generation == self.generation:
            snapshot = replace(snapshot, index=snapshot.index[self._has_take()[snapshot.index["position"]]])
        if generation != self.generation or len(snapshot.index) < len(self):
            raise RunError(
                f"{self._folder.root} was changed while it was read",
                expected="all takes that existed at the start",
                fix="read it again; `hierbatch run` replaces takes of a deleted part",
            )
        self._snapshot = snapshot
        self._position_of = {}

    def _count_rejections(self, snapshot: Snapshot) -> None:
        """Count the rules that reject each take, for rows with more than one take."""
        competing = competing_takes(snapshot.index)
        schema = select_fields(self.schema, sorted(self.rule_columns))
        tables = read_snapshot_rows(snapshot, snapshot.index[competing], schema)
        n_rejections = [len(rejections(row, self.rules)) for _, table in tables for row in table.to_pylist()]
        snapshot.index["n_rejections"][competing] = n_rejections

    def _read(
        self, is_wanted: npt.NDArray[np.bool_], columns: Sequence[str], *, as_decided: bool = True
    ) -> Iterator[tuple[Positions, pa.Table]]:
        """Yield positions and rows, part by part; each position once, even if parts are compacted meanwhile."""
        is_pending = is_wanted.copy()
        while True:
            snapshot = self._snapshot
            pending = snapshot.index[is_pending[snapshot.index["position"]]]
            try:
                schema = select_fields(self.schema, columns)
                for positions, rows in read_snapshot_rows(snapshot, pending, schema, as_decided=as_decided):
                    yield positions, rows
                    is_pending[positions] = False
            except VanishedError:
                self._rescan()
            else:
                return


def committed_names(folder: RunLayout) -> pa.Array:
    """Names of all committed takes, whether or not they are the best of their row."""
    names = [row_names(table) for _, table in read_committed_parts(folder.part_files, TAKE_ID_COLUMNS)]
    return pa.concat_arrays(names) if names else pa.array([], NAME_TYPE)
