"""Work units, each of which is a set of rows that a worker processes together, and reports about finished units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.runs.parts import open_run_file
from hierbatch.manifest.runs.plan_units import PlanReader, PlanUnits
from hierbatch.manifest.runs.take_ids import digest_rows
from hierbatch.manifest.tables.table_columns import with_column


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """Planned rows that a worker processes together, with the name of their future part file."""

    name: str
    rows: pa.Table
    is_requested: bool = False
    """True for takes that a reviewer has requested; they do not count towards the progress of the run."""

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

        A name derived from a number would not be unique: after a crash and a restart, halves of the remaining rows
        would overwrite the part files of the original halves, which contain different rows.
        """
        return replace(self, name=f"{self.name.partition('.')[0]}.{digest_rows(rows)}", rows=rows)

    def as_failed(self, kind: str, error: str) -> Self:
        """Create a unit with all rows marked as failed; a worker writes them as failed takes without processing them.

        The new unit has its own name, since the worker of this unit may have died after the commit, and good takes must
        not be overwritten.

        Args:
            kind: error kind, which is also appended to the name.
            error: error message of the rows.
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
    """Rows of a plan that have no take yet and are to be processed."""

    plan: Path
    units_of_plan: PlanUnits
    bits: npt.NDArray[np.uint8]
    """Mask of the pending rows, eight to a byte."""
    n_pending: npt.NDArray[np.int64]
    """Number of pending rows of each unit."""
    expected_s: float

    @property
    def n_rows(self) -> int:
        """Number of pending rows."""
        return int(self.n_pending.sum())

    @property
    def is_requested(self) -> bool:
        """True for a plan of requested takes."""
        return self.units_of_plan.is_requested

    def units(self) -> Iterator[WorkUnit]:
        """Yield units of the pending rows, read lazily from the plan.

        A unit with only some of its planned rows, or with a number that occurs twice in the plan, gets a name derived
        from the rows.
        """
        units, reader = self.units_of_plan, PlanReader(self.plan)
        repeated = units.repeated()
        for at in np.flatnonzero(self.n_pending).tolist():
            start, end, number = int(units.starts[at]), int(units.starts[at + 1]), int(units.numbers[at])
            unit = WorkUnit(f"{self.plan.stem}-u{number:06d}", reader.rows(start, end), units.is_requested)
            if self.n_pending[at] == end - start and number not in repeated:
                yield unit
            else:
                first = start // 8
                mask = np.unpackbits(self.bits[first : (end + 7) // 8])[start - 8 * first : end - 8 * first]
                yield unit.subset(unit.rows.filter(pa.array(mask.astype(np.bool_))))


def make_pending(
    plan: Path, units: PlanUnits, is_pending: npt.NDArray[np.bool_], is_wanted: npt.NDArray[np.bool_] | None = None
) -> Pending:
    """Find the pending rows of a plan by masks.

    Args:
        plan: plan file.
        units: work units of the plan.
        is_pending: True for each row of the plan without a take.
        is_wanted: True for each row of the manifest that is to be processed; None for all rows. Plans of requested
            takes ignore it.
    """
    if is_wanted is not None and not units.is_requested:
        is_pending = is_pending & _selected_rows(plan, is_wanted)
    n_pending = np.add.reduceat(is_pending, units.starts[:-1], dtype=np.int64) if len(units) else np.zeros(0, np.int64)
    sizes = np.diff(units.starts)
    expected_s = float(units.expected_s[n_pending == sizes].sum())
    reader = PlanReader(plan, ["expected_duration_s"])
    for at in np.flatnonzero((n_pending > 0) & (n_pending < sizes)).tolist():
        start, end = int(units.starts[at]), int(units.starts[at + 1])
        durations_s = reader.rows(start, end).column("expected_duration_s").fill_null(0).to_numpy()
        expected_s += float(durations_s[is_pending[start:end]].sum())
    return Pending(
        plan=plan, units_of_plan=units, bits=np.packbits(is_pending), n_pending=n_pending, expected_s=expected_s
    )


def _selected_rows(plan: Path, is_wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    with open_run_file(plan) as file:
        batches = file.iter_batches(columns=["position"])
        return np.concatenate([np.zeros(0, np.bool_), *(is_wanted[batch.column(0).to_numpy()] for batch in batches)])
