"""Reader of a run: each planned row once, with its best take.

The parts can contain further takes: those of older generations, of earlier attempts, and of a work unit that was
processed twice because of a crash. Parts can also disappear while they are read, if another process compacts the run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.errors import RunError, VanishedError
from hierbatch.manifest.columns.measures import declared_columns
from hierbatch.manifest.decisions.choices import Choices, read_choices
from hierbatch.manifest.decisions.verdicts import VerdictNames
from hierbatch.manifest.runs.parts import open_run_file
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS
from hierbatch.manifest.takes.filters import FilterRule, rule_columns
from hierbatch.manifest.takes.known_positions import KnownPositions
from hierbatch.manifest.takes.run_scan import RowBlock, ScannedRun, scan_run
from hierbatch.manifest.takes.snapshot import (
    Positions,
    planned_values,
    read_candidates,
    read_snapshot_rows,
    redecide,
    select_fields,
)


class Takes:
    """Snapshot of the takes of a run, in manifest order; it only reads files, and can be used during the run.

    The best take of a row is chosen by these criteria, in this order: pinned by a reviewer; kept by a reviewer;
    successful; planned rather than requested; rejected by the fewest filter rules; with the fewest flags; among flawed
    takes, with the duration closest to the expected one; among good takes, the first attempt, and among others, the
    last attempt. A row whose takes were all rejected by reviewers counts as failed. Columns copied from the manifest
    come from the newest plan, since a reused take may now belong to another chapter; for a requested take, they come
    from the request.

    The set of rows is fixed when the snapshot is taken. If compaction has removed a file since then, the run is scanned
    again, and the rows not yet returned are read from their new places.

    Raises:
        RunError: the run has no plan yet, one of its files is damaged, or takes have disappeared.
    """

    generation: int
    """Generation of the rows: the newest one with a plan, unless another was requested."""
    plan_schema: pa.Schema
    """Schema of the plan."""
    schema: pa.Schema
    """Schema of the takes."""
    n_rows: int
    """Number of planned rows."""
    rules: Collection[FilterRule]
    """Filter rules, if the run is a corpus."""
    choices: Choices
    """Decisions of reviewers."""

    def __init__(self, run: Path, generation: int | None = None, block: RowBlock | None = None) -> None:
        """Take the snapshot.

        Args:
            run: run folder.
            generation: generation of the rows; the newest one with a plan by default.
            block: rows to include; all by default. With a block, a compaction ends the snapshot with `VanishedError`.
        """
        self._block = block
        self._folder = RunLayout(run)
        self._requested_generation = generation
        self._ids = KnownPositions()
        self._adopt(scan_run(self._folder, generation, block))

    @property
    def rule_columns(self) -> set[str]:
        """Columns that the filter rules use, without those that the takes do not have."""
        return rule_columns(self.rules) & set(self.schema.names)

    @property
    def locations(self) -> tuple[list[Path], pa.Table]:
        """Part files, and a table with the place of the best take of each row that has a take.

        The columns of the table are the manifest `position`, the index `part` in the list of files, and the `row` in
        that file; the table is sorted by position.
        """
        index = self._snapshot.index
        names = ("position", "part", "row")
        return self._snapshot.parts, pa.table({name: pa.array(np.ascontiguousarray(index[name])) for name in names})

    @property
    def added_measures(self) -> frozenset[str]:
        """Names of the columns of added measures, which are not built in."""
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
        """Plan columns of rows in manifest order, including rows without a take.

        Args:
            columns: columns of the plan.
            ids: ids of the rows; None for all rows.
        """
        while True:
            positions = None if ids is None else self._positions(ids)
            try:
                return planned_values(self._snapshot, columns, positions)
            except VanishedError:
                self._rescan()

    def table(self, columns: Sequence[str]) -> pa.Table:
        """Columns of the best takes of all rows, in manifest order; `audio` needs memory for all audio of the run."""
        return self._in_order(self._has_take(), columns)

    def iter_tables(self, columns: Sequence[str], *, as_decided: bool = True) -> Iterator[pa.Table]:
        """Yield columns of the best takes of all rows, one part at a time, for runs larger than memory.

        Args:
            columns: columns of the takes.
            as_decided: True turns takes that reviewers rejected into failed takes; False leaves them unchanged.
        """
        for _, rows in self._read(self._has_take(), columns, as_decided=as_decided):
            yield rows

    def sounds(self, ids: Sequence[str]) -> dict[str, bytes]:
        """Encoded audio of some rows, by id, without failed rows; only row groups that contain the rows are read."""
        found: dict[str, bytes] = {}
        for _, rows in self._read(self._find_ids(ids), ["id", "audio"]):
            contents = zip(rows.column("id").to_pylist(), rows.column("audio").to_pylist(), strict=True)
            found.update((row_id, audio["bytes"]) for row_id, audio in contents if audio)
        return found

    def rows(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Columns of the best takes of some rows, in manifest order; only row groups that contain the rows are read."""
        return self._in_order(self._find_ids(ids), columns)

    def candidates(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """All takes of some rows, in manifest order and by attempt; takes that reviewers rejected keep their audio.

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
        """Copy of this snapshot with the newest decisions; only the rows with new verdicts are read from the parts.

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
        """Return True if both use the same snapshot of the files: every row has the same take at the same place."""
        return self._snapshot is earlier._snapshot

    def last_attempts(self, positions: Positions) -> npt.NDArray[np.int16]:
        """Number of the last committed attempt at each manifest position, best or not; 0 if there is none."""
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
        """Boolean array that marks the manifest positions with a take."""
        has_take = np.zeros(self.n_rows, np.bool_)
        has_take[self._snapshot.index["position"]] = True
        return has_take

    def remember(self, positions: Mapping[str, int]) -> None:
        """Keep the positions of some ids in memory, so that later calls need not search the plan for them."""
        self._ids.remember(positions)

    def _find_ids(self, ids: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Boolean array that marks the manifest positions that have one of the ids, and a take."""
        is_named = np.zeros(self.n_rows, np.bool_)
        is_named[self._positions(ids)] = True
        return self._has_take() & is_named

    def _positions(self, ids: Sequence[str]) -> Positions:
        """Manifest positions of the rows with these ids, ascending."""
        return self._ids.positions(ids, self._read_plan)

    def _rescan(self) -> None:
        """Scan the run again after one of the files was removed, and keep the same set of rows."""
        scanned = scan_run(self._folder, self._requested_generation, self._block)
        index = scanned.snapshot.index
        if scanned.generation == self.generation:
            index = index[self._has_take()[index["position"]]]
        if scanned.generation != self.generation or len(index) < len(self):
            raise RunError(
                f"{self._folder.root} was changed while it was read",
                expected="all takes that existed at the start",
                fix="read it again; `hierbatch run` replaces takes of a deleted part",
            )
        self._adopt(replace(scanned, snapshot=replace(scanned.snapshot, index=index)))
        self._ids = KnownPositions()

    def _adopt(self, scanned: ScannedRun) -> None:
        self.generation, self.n_rows, self._snapshot = scanned.generation, scanned.n_rows, scanned.snapshot
        self.plan_schema, self.schema = scanned.plan_schema, scanned.schema
        self.rules, self.choices = scanned.rules, scanned.choices

    def _read(
        self, is_wanted: npt.NDArray[np.bool_], columns: Sequence[str], *, as_decided: bool = True
    ) -> Iterator[tuple[Positions, pa.Table]]:
        """Yield manifest positions and rows, part by part; each position once, even if the run is compacted."""
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
