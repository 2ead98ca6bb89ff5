"""Work units, which are rows that a worker processes together, and the report about a unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.planning import with_column
from hierbatch.manifest.best_takes import REQUESTS_KEY
from hierbatch.manifest.parts import open_run_file
from hierbatch.manifest.take_ids import TAKE_ID_COLUMNS, digest_rows, row_names

_READ_BATCH_ROWS = 1024
"""Number of rows of a plan that are read at a time."""


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """Planned rows that a worker processes together, with the name of their future part file."""

    name: str
    rows: pa.Table
    is_requested: bool = False
    """True for takes that a listener has requested; they do not count towards the progress of the run."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.rows.num_rows)

    @property
    def expected_s(self) -> float:
        """Expected seconds of audio."""
        return float(pc.sum(self.rows.column("expected_duration_s")).as_py() or 0.0)

    @property
    def is_failed(self) -> bool:
        """True if all rows are already marked as failed."""
        return int(self.rows.column("error_kind").null_count) == 0

    def halves(self) -> tuple[Self, Self]:
        """Split into two units of half the rows each, to isolate a row that crashes its worker."""
        middle = self.n_rows // 2
        return self.subset(self.rows.slice(0, middle)), self.subset(self.rows.slice(middle))

    def subset(self, rows: pa.Table) -> Self:
        """Create a unit of some of the rows, with a name derived from these rows.

        Numbers would not be unique names: after a crash and a restart, halves of the remaining rows would overwrite the
        part files of the original halves, which contain other rows.
        """
        return replace(self, name=f"{self.name.partition('.')[0]}.{digest_rows(rows)}", rows=rows)

    def as_failed(self, kind: str, error: str) -> Self:
        """Create a unit with all rows marked as failed, which a worker writes as failed takes without processing them.

        The unit has another name: its worker may have died between the commit and the report, and good takes must not
        be overwritten.
        """
        rows = self.rows
        for name, value in (("error_kind", kind), ("error", error)):
            rows = with_column(rows, name, pa.array([value] * self.n_rows, pa.string()))
        return replace(self, name=f"{self.name}-{kind}", rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkUnitReport:
    """Report of a worker about a committed unit; the audio stays in the part file."""

    n_ok: int
    n_failed: int
    sound_s: float
    work_s: float
    error_kinds: dict[str, int]
    reasons: dict[str, int]
    """Number of failed rows by reason: the error kind and the first sentence of the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Rows of a plan that have no take yet."""

    plan: Path
    mask: pa.BooleanArray
    n_rows: int
    expected_s: float
    repeated: frozenset[int]
    """Unit numbers that occur in two places of the plan, as in plans that earlier versions joined."""
    is_requested: bool = False
    """True for a plan of requested takes."""

    def units(self) -> Iterator[WorkUnit]:
        """Yield units of the pending rows, read lazily from the plan.

        A unit with only a part of its rows, or with an ambiguous number, gets a name derived from its rows.
        """
        for unit, mask in _grouped(self.plan, self.mask):
            unit = replace(unit, is_requested=self.is_requested)
            pending = unit.rows.filter(mask)
            if len(pending) == unit.n_rows and unit.rows.column("unit")[0].as_py() not in self.repeated:
                yield unit
            elif len(pending):
                yield unit.subset(pending)


def find_pending(plan: Path, committed: pa.Array, is_wanted: npt.NDArray[np.bool_] | None = None) -> Pending:
    """Find the rows of a plan without a committed take.

    Args:
        plan: plan file.
        committed: `row_names` of all committed takes.
        is_wanted: mask of the manifest positions to process; None for all.

    Raises:
        VanishedError: another driver has compacted the run.
        RunError: the plan is damaged.
    """
    masks, first_numbers, expected_s, last = [], [np.zeros(0, np.int32)], 0.0, None
    with open_run_file(plan) as file:
        is_requested = REQUESTS_KEY in (file.schema_arrow.metadata or {})
        for batch in file.iter_batches(columns=[*TAKE_ID_COLUMNS, "expected_duration_s", "unit", "position"]):
            table = pa.Table.from_batches([batch])
            mask = pc.invert(pc.is_in(row_names(table), value_set=committed))
            if is_wanted is not None and not is_requested:
                mask = pc.and_(mask, pa.array(is_wanted[table.column("position").to_numpy()]))
            masks.append(mask)
            expected_s += pc.sum(table.column("expected_duration_s").filter(masks[-1])).as_py() or 0.0
            numbers = table.column("unit").to_numpy()
            first_numbers.append(numbers[[start for start in _starts(numbers) if start or numbers[0] != last]])
            last = numbers[-1]
    numbers, n_places = np.unique(np.concatenate(first_numbers), return_counts=True)
    mask = pa.concat_arrays(masks)
    return Pending(
        plan=plan,
        mask=mask,
        n_rows=pc.sum(mask).as_py() or 0,
        expected_s=expected_s,
        repeated=frozenset(numbers[n_places > 1].tolist()),
        is_requested=is_requested,
    )


def _grouped(plan: Path, mask: pa.BooleanArray) -> Iterator[tuple[WorkUnit, pa.BooleanArray]]:
    """Yield the units of a plan, each with its part of the mask."""
    current: list[pa.Table] = []
    offset = 0
    with open_run_file(plan) as file:
        for batch in file.iter_batches(batch_size=_READ_BATCH_ROWS):
            table = pa.Table.from_batches([batch])
            starts = _starts(table.column("unit").to_numpy())
            for start, end in pairwise([*starts, len(table)]):
                rows = table.slice(start, end - start)
                if current and current[0].column("unit")[0] != rows.column("unit")[0]:
                    unit = _make_unit(plan, current)
                    yield unit, mask.slice(offset, unit.n_rows)
                    current, offset = [], offset + unit.n_rows
                current.append(rows)
    if current:
        yield _make_unit(plan, current), mask.slice(offset)


def _starts(numbers: npt.NDArray[np.int32]) -> list[int]:
    """Indices at which the unit number changes, starting with 0."""
    return [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]


def _make_unit(plan: Path, tables: Sequence[pa.Table]) -> WorkUnit:
    rows = pa.concat_tables(tables).combine_chunks()
    return WorkUnit(f"{plan.stem}-u{rows.column('unit')[0].as_py():06d}", rows)
