"""Takes of a large run, one block of rows after another, so that the memory for a snapshot does not grow with the run.

A block is a range of rows of the plan. The plans and the names of the parts show which parts may contain takes of
these rows; parts that name no unit of a current plan, such as compacted ones, are joined with the plans by name once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.manifest.runs.name_join import find_planned_rows
from hierbatch.manifest.runs.parts import open_run_file, read_part_columns
from hierbatch.manifest.runs.plan_units import PlanReader, PlanUnits
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names
from hierbatch.manifest.takes.run_scan import RowBlock
from hierbatch.manifest.takes.takes import Takes

BLOCK_ROWS = 1 << 19
"""Rows of a block: a snapshot of them takes about 100 MB."""

_UNIT_PART = re.compile(r"(?P<plan>.+)-u(?P<number>\d+)(?:\D.*)?")
_NAME_BATCH_ROWS = 16_384


class TakesByBlock:
    """Takes of a run as a sequence of snapshots, one per block of rows; a small run has a single snapshot."""

    def __init__(self, run: Path, generation: int | None = None, block_rows: int | None = None) -> None:
        """Find the generation; the plans and parts are not read yet.

        Args:
            run: run folder.
            generation: generation of the rows; the newest one with a plan by default.
            block_rows: number of rows of a block; half a million by default.
        """
        self._run, self._block_rows = run, block_rows or BLOCK_ROWS
        self._folder = RunLayout(run)
        self.generation = generation or self._folder.newest_generation()
        self._whole: Takes | None = None
        self._last_attempts = np.zeros(0, np.int16)

    def __iter__(self) -> Iterator[Takes]:
        """Yield a snapshot of each block.

        Raises:
            VanishedError: another process has compacted the run; the iteration must be repeated.
            RunError: the run has no plan yet, or one of its files is damaged.
        """
        plans = self._folder.plan_files(self.generation)
        if not plans or _n_rows(plans[0]) <= self._block_rows:
            self._whole = self._whole or Takes(self._run, self.generation or None)
            yield self._whole
            return
        blocks = _Blocks.of_plans(self._folder, plans, self._block_rows)
        self._last_attempts = np.zeros(len(blocks.at), np.int16)
        parts = blocks.parts(self._folder.part_files())
        for number in range(blocks.n_blocks):
            positions = blocks.at == number
            takes = Takes(self._run, self.generation, RowBlock(plans[0], positions, parts[number]))
            self._last_attempts[positions] = takes.last_attempts(np.flatnonzero(positions))
            yield takes

    def last_attempts(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int16]:
        """Number of the last committed attempt at each manifest position, as of the last iteration; 0 without one."""
        return self._whole.last_attempts(positions) if self._whole else self._last_attempts[positions]

    def rows(self, ids: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """Columns of the best takes of some rows, in the order of the blocks."""
        return pa.concat_tables([takes.rows(ids, columns) for takes in self])


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Number of the block of each manifest position, and the work units of all plans."""

    folder: RunLayout
    plans: dict[str, Path]
    units: dict[str, PlanUnits]
    at: npt.NDArray[np.uint16]
    n_blocks: int
    readers: dict[str, PlanReader] = field(default_factory=dict)

    @classmethod
    def of_plans(cls, folder: RunLayout, plans: Sequence[Path], block_rows: int) -> _Blocks:
        n_rows = _n_rows(plans[0])
        at, row = np.zeros(n_rows, np.uint16), 0
        with open_run_file(plans[0]) as file:
            for batch in file.iter_batches(columns=["position"]):
                at[batch.column(0).to_numpy()] = np.arange(row, row + len(batch)) // block_rows
                row += len(batch)
        units = {plan.stem: PlanUnits.load(folder.units_file(plan), plan) for plan in plans}
        return cls(folder, {plan.stem: plan for plan in plans}, units, at, (n_rows - 1) // block_rows + 1)

    def parts(self, files: Sequence[Path]) -> list[list[Path]]:
        """Parts that may contain takes of each block, in the order of `files`."""
        of_block: list[list[Path]] = [[] for _ in range(self.n_blocks)]
        places: dict[int, npt.NDArray[np.uint16]] = {}
        foreign = []
        for number, part in enumerate(files):
            found = self._of_unit(part.name.removesuffix(".parquet"))
            if found is None:
                foreign.append(number)
            else:
                places[number] = found
        places.update(self._of_foreign([files[number] for number in foreign], foreign))
        for number, part in enumerate(files):
            for block in places.pop(number).tolist():
                of_block[block].append(part)
        return of_block

    def _of_unit(self, stem: str) -> npt.NDArray[np.uint16] | None:
        """Blocks of the rows of the work unit named by `stem`; None if no current plan has that unit."""
        named = _UNIT_PART.fullmatch(stem)
        units = self.units.get(named["plan"]) if named else None
        if named is None or units is None or not units.is_unique:
            return None
        (unit,) = units.find(np.array([int(named["number"])])).tolist()
        if unit < 0:
            return None
        rows = self._reader(named["plan"], ["position"]).rows(int(units.starts[unit]), int(units.starts[unit + 1]))
        return np.unique(self.at[rows.column("position").to_numpy()])

    def _of_foreign(self, parts: Sequence[Path], numbers: Sequence[int]) -> dict[int, npt.NDArray[np.uint16]]:
        """Blocks of the takes in each part that names no current unit, by part number; takes are joined with plans."""
        sizes: list[int] = []

        def names() -> Iterator[pa.Array]:
            for part in parts:
                found = row_names(read_part_columns(part, TAKE_ID_COLUMNS))
                sizes.append(len(found))
                yield found

        if not parts:
            return {}
        positions = np.concatenate([self._positions(stem) for stem in self.plans])
        planned = (names for stem in self.plans for names in self._names(stem))
        rows = find_planned_rows(names(), planned, len(positions))
        places = {}
        for number, found in zip(numbers, np.split(rows, np.cumsum(sizes)[:-1]), strict=True):
            places[number] = np.unique(self.at[positions[found[found >= 0]]])
        return places

    def _positions(self, stem: str) -> npt.NDArray[np.int32]:
        with open_run_file(self.plans[stem]) as file:
            column = file.read(columns=["position"]).column("position").to_numpy()
        positions: npt.NDArray[np.int32] = column.astype(np.int32 if len(self.at) < 1 << 31 else np.int64)
        return positions

    def _names(self, stem: str) -> Iterator[pa.Array]:
        reader, n_rows = self._reader(stem, list(TAKE_ID_COLUMNS)), self.units[stem].n_rows
        for start in range(0, n_rows, _NAME_BATCH_ROWS):
            yield row_names(reader.rows(start, min(start + _NAME_BATCH_ROWS, n_rows)))

    def _reader(self, stem: str, columns: list[str]) -> PlanReader:
        key = f"{stem} {columns}"
        if key not in self.readers:
            self.readers[key] = PlanReader(self.plans[stem], columns)
        return self.readers[key]


def _n_rows(plan: Path) -> int:
    with open_run_file(plan) as file:
        return int(file.metadata.num_rows)
