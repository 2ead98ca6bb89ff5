"""Work units of a plan: the range of rows and the expected duration of each, without the rows themselves.

The table of a plan takes 20 bytes per work unit. It is derived from the plan and stored as an Arrow file, so that a
driver need not read and hold all rows of a plan, which may be a hundred million.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.manifest.runs.parts import REQUESTS_KEY, open_run_file
from hierbatch.object_path import arrow_source
from hierbatch.storage import write_atomically

_N_ROWS_KEY, _IS_REQUESTED_KEY, _FINGERPRINT_KEY = b"n_rows", b"is_requested", b"fingerprint"
_READ_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class PlanUnits:
    """Work units of a plan, in plan order; a unit is a sequence of adjacent rows with the same unit number."""

    numbers: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    """First row of each unit, and the number of rows of the plan as last entry."""
    expected_s: npt.NDArray[np.float64]
    """Expected seconds of audio of each unit."""
    is_requested: bool = False
    """True for a plan of requested takes."""
    fingerprint: str = ""
    """Hash of the sizes of the plan's row groups: a plan that was deleted and written again may have the same name."""
    order: npt.NDArray[np.int64] | None = field(init=False)
    """Indices of the units, sorted by unit number; None if the plan has the units in that order."""
    is_unique: bool = field(init=False)
    """True if each number names one unit; earlier versions joined plans that had numbers in common."""

    def __post_init__(self) -> None:
        is_sorted = bool(np.all(np.diff(self.numbers) > 0))
        object.__setattr__(self, "order", None if is_sorted else np.argsort(self.numbers, kind="stable"))
        object.__setattr__(self, "is_unique", is_sorted or len(np.unique(self.numbers)) == len(self.numbers))

    @property
    def n_rows(self) -> int:
        """Number of rows of the plan."""
        return int(self.starts[-1])

    def __len__(self) -> int:
        """Number of units."""
        return len(self.numbers)

    def repeated(self) -> frozenset[int]:
        """Unit numbers that occur at more than one place in the plan."""
        numbers, n_places = np.unique(self.numbers, return_counts=True)
        return frozenset(numbers[n_places > 1].tolist())

    def find(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Index of the unit with each number, -1 where the plan has no such unit; requires `is_unique`."""
        if not len(self):
            return np.full(len(numbers), -1, np.int64)
        # Of one type: otherwise each search would convert all numbers.
        known = np.clip(numbers, 0, np.iinfo(self.numbers.dtype).max).astype(self.numbers.dtype)
        at = np.minimum(np.searchsorted(self.numbers, known, sorter=self.order), len(self) - 1)
        found = at if self.order is None else self.order[at]
        return np.where(self.numbers[found] == numbers, found, -1)

    @classmethod
    def from_plan(cls, plan: Path) -> Self:
        """Read the units of a plan, one batch of rows at a time.

        Raises:
            VanishedError: another driver has compacted the run.
            RunError: the plan is damaged.
        """
        numbers, starts, sums_s = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)], [np.zeros(0)]
        last: int | None = None
        n_rows = 0
        with open_run_file(plan) as file:
            is_requested = REQUESTS_KEY in (file.schema_arrow.metadata or {})
            fingerprint = _fingerprint(file.metadata)
            for batch in file.iter_batches(batch_size=_READ_ROWS, columns=["unit", "expected_duration_s"]):
                if not len(batch):
                    continue
                units = batch.column("unit").to_numpy()
                durations_s = batch.column("expected_duration_s").fill_null(0).to_numpy().astype(np.float64)
                at = np.concatenate([[0], np.flatnonzero(np.diff(units)) + 1])
                found_s = np.add.reduceat(durations_s, at)
                if units[0] == last:  # the unit began in the batch before
                    sums_s[-1][-1] += found_s[0]
                    at, found_s = at[1:], found_s[1:]
                if len(at):
                    numbers.append(units[at])
                    starts.append(at + n_rows)
                    sums_s.append(found_s)
                last, n_rows = int(units[-1]), n_rows + len(units)
        return cls(
            np.concatenate(numbers),
            np.concatenate([*starts, [n_rows]]),
            np.concatenate(sums_s),
            is_requested,
            fingerprint,
        )

    @classmethod
    def load(cls, stored: Path, plan: Path) -> Self:
        """Load the stored units, or read them from the plan if their table is missing, damaged or from another plan.

        Raises:
            VanishedError: another driver has compacted the run.
            RunError: the plan is damaged.
        """
        try:
            found = cls._stored(stored)
        except (pa.ArrowException, OSError, KeyError, ValueError):
            return cls.from_plan(plan)
        with open_run_file(plan) as file:
            is_of_plan = found.fingerprint == _fingerprint(file.metadata)
        return found if is_of_plan else cls.from_plan(plan)

    @classmethod
    def _stored(cls, stored: Path) -> Self:
        with pa.ipc.open_file(arrow_source(stored)) as file:
            metadata = file.schema.metadata
            table = file.read_all()
        starts = np.append(table.column("start").to_numpy(), int(metadata[_N_ROWS_KEY]))
        if len(starts) > 1 and (starts[0] != 0 or np.any(np.diff(starts) <= 0)):
            raise ValueError(stored)
        return cls(
            table.column("unit").to_numpy(),
            starts,
            table.column("expected_duration_s").to_numpy(),
            metadata[_IS_REQUESTED_KEY] == b"1",
            metadata[_FINGERPRINT_KEY].decode(),
        )

    def store(self, target: Path, staging: Path) -> None:
        """Write the units as a table, atomically.

        Args:
            target: path of the Arrow file.
            staging: folder of the temporary file.

        Raises:
            StorageError: the disk is full, read-only or gone.
        """
        table = pa.table(
            {"unit": self.numbers, "start": self.starts[:-1], "expected_duration_s": self.expected_s}
        ).replace_schema_metadata(
            {
                _N_ROWS_KEY: str(self.n_rows).encode(),
                _IS_REQUESTED_KEY: b"1" if self.is_requested else b"0",
                _FINGERPRINT_KEY: self.fingerprint.encode(),
            }
        )
        write_arrow(table, target, staging)


def _fingerprint(metadata: pq.FileMetaData) -> str:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    sizes = np.array([(group.num_rows, group.total_byte_size) for group in groups], np.int64)
    return blake2b(sizes.tobytes(), digest_size=12).hexdigest()


def write_arrow(table: pa.Table, target: Path, staging: Path) -> None:
    """Write an Arrow file atomically.

    Args:
        table: the table.
        target: path of the file.
        staging: folder of the temporary file.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    with write_atomically(target, staging) as temporary, pa.ipc.new_file(temporary, table.schema) as writer:
        writer.write_table(table)


class PlanReader:
    """Reader of the rows of a plan by row number; reads whole row groups, and keeps the last two of them in memory."""

    def __init__(self, plan: Path, columns: list[str] | None = None) -> None:
        """Open the plan.

        Args:
            plan: plan file; it never changes.
            columns: columns to read; all by default.

        Raises:
            VanishedError: another driver has compacted the run.
            RunError: the plan is damaged.
        """
        self._plan = plan
        self._columns = columns
        with open_run_file(plan) as file:
            self.metadata: pq.FileMetaData = file.metadata
        n_rows = [self.metadata.row_group(group).num_rows for group in range(self.metadata.num_row_groups)]
        self._starts = np.cumsum([0, *n_rows])
        self._groups: dict[int, pa.Table] = {}

    def rows(self, start: int, end: int) -> pa.Table:
        """Rows from `start` up to, but not including, `end`."""
        first, last = np.searchsorted(self._starts, [start, max(start, end - 1)], side="right") - 1
        tables = [self._group(group) for group in range(int(first), int(last) + 1)]
        offset = start - int(self._starts[first])
        found = tables[0] if len(tables) == 1 else pa.concat_tables(tables)
        # A copy: a slice would keep its row group in memory, and be sent to a worker with it.
        return found.take(pa.array(np.arange(offset, offset + end - start))).combine_chunks()

    def _group(self, group: int) -> pa.Table:
        if group not in self._groups:
            for old in sorted(self._groups)[:-1]:
                del self._groups[old]
            with open_run_file(self._plan, self.metadata) as file:
                self._groups[group] = file.read_row_group(group, columns=self._columns)
        return self._groups[group]
