"""A unit: the rows a worker is given together, and what it says when it is done."""

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

from hierbatch.engine.planning import put_column
from hierbatch.manifest.parts import open_finished
from hierbatch.manifest.take_names import NAMING, digest_of, row_names

_READ_TOGETHER = 1024
"""Rows of a plan that are read at a time."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Planned rows under the name their part will have."""

    name: str
    rows: pa.Table

    @property
    def n_rows(self) -> int:
        return int(self.rows.num_rows)

    @property
    def expected_s(self) -> float:
        """Seconds of sound it should come to."""
        return float(pc.sum(self.rows.column("expected_duration_s")).as_py() or 0.0)

    @property
    def is_refused(self) -> bool:
        """Whether none of its rows is to be worked."""
        return int(self.rows.column("error_kind").null_count) == 0

    def halves(self) -> tuple[Self, Self]:
        """Two units of half the rows each, to find the one that kills its worker."""
        middle = self.n_rows // 2
        return self.piece(self.rows.slice(0, middle)), self.piece(self.rows.slice(middle))

    def piece(self, rows: pa.Table) -> Self:
        """Some of its rows, under a name that tells which.

        Counted pieces would not do: what is left of a unit after a crash has halves too, and they would replace the
        parts of the whole unit's halves, which hold other rows.
        """
        return replace(self, name=f"{self.name.partition('.')[0]}.{digest_of(rows)}", rows=rows)

    def refused(self, kind: str, error: str) -> Self:
        """The same rows as ones not to be worked: they pass through a worker to become failed takes.

        Under a name of their own: a worker may have died after it put the rows down and before it said so, and good
        takes that stand are not to be replaced.
        """
        rows = self.rows
        for name, value in (("error_kind", kind), ("error", error)):
            rows = put_column(rows, name, pa.array([value] * self.n_rows, pa.string()))
        return replace(self, name=f"{self.name}-{kind}", rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitReport:
    """What a worker says of a unit it has put down; the sound stays where it is."""

    n_ok: int
    n_failed: int
    sound_s: float
    work_s: float
    error_kinds: dict[str, int]
    reasons: dict[str, int]
    """How often rows failed for the same reason, each by its kind and the first sentence of its error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What a plan still asks for."""

    plan: Path
    mask: pa.BooleanArray
    n_rows: int
    expected_s: float
    repeated: frozenset[int]
    """Unit numbers that stand in the plan twice, in different places: so did earlier versions join plans."""

    def units(self) -> Iterator[Unit]:
        """Units with the rows that are left of them, read from the plan as they are asked for.

        Where a unit's name does not tell its rows, it is given one that does.
        """
        for unit, mask in _grouped(self.plan, self.mask):
            left = unit.rows.filter(mask)
            if len(left) == unit.n_rows and unit.rows.column("unit")[0].as_py() not in self.repeated:
                yield unit
            elif len(left):
                yield unit.piece(left)


def find_pending(plan: Path, committed: pa.Array) -> Pending:
    """The rows of a plan that no part holds; `committed` are the `row_names` of those that stand.

    Raises:
        VanishedError: another driver has compacted the run.
        RunError: the plan is damaged.
    """
    masks, first_numbers, expected_s, last = [], [np.zeros(0, np.int32)], 0.0, None
    with open_finished(plan) as file:
        for batch in file.iter_batches(columns=[*NAMING, "expected_duration_s", "unit"]):
            table = pa.Table.from_batches([batch])
            masks.append(pc.invert(pc.is_in(row_names(table), value_set=committed)))
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
    )


def _grouped(plan: Path, mask: pa.BooleanArray) -> Iterator[tuple[Unit, pa.BooleanArray]]:
    """Whole units of a plan, each with its share of the mask."""
    held: list[pa.Table] = []
    seen = 0
    with open_finished(plan) as file:
        for batch in file.iter_batches(batch_size=_READ_TOGETHER):
            table = pa.Table.from_batches([batch])
            starts = _starts(table.column("unit").to_numpy())
            for start, end in pairwise([*starts, len(table)]):
                rows = table.slice(start, end - start)
                if held and held[0].column("unit")[0] != rows.column("unit")[0]:
                    unit = _named(plan, held)
                    yield unit, mask.slice(seen, unit.n_rows)
                    held, seen = [], seen + unit.n_rows
                held.append(rows)
    if held:
        yield _named(plan, held), mask.slice(seen)


def _starts(numbers: npt.NDArray[np.int32]) -> list[int]:
    """Where in a column of unit numbers another one begins."""
    return [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()]


def _named(plan: Path, tables: Sequence[pa.Table]) -> Unit:
    rows = pa.concat_tables(tables).combine_chunks()
    return Unit(f"{plan.stem}-u{rows.column('unit')[0].as_py():06d}", rows)
