"""Committed rows of each plan, and the index file that stores them: bits by unit and row, and names of parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.manifest.runs.plan_units import PlanUnits, write_arrow
from hierbatch.manifest.runs.run_layout import FOLDER_PARTS
from hierbatch.object_path import arrow_source

_FORMAT_KEY, _FORMAT = b"hierbatch_committed_rows", b"1"
_SCHEMA = pa.schema(
    [
        pa.field("plan", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("units", pa.large_binary()),
        pa.field("rows", pa.large_binary()),
        pa.field("parts", pa.large_list(pa.string())),
    ],
    metadata={_FORMAT_KEY: _FORMAT},
)

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True)
class PlanCommits:
    """Committed rows of one plan."""

    plan: Path
    units: PlanUnits
    is_whole: Mask
    """True for each unit whose own part was read and has exactly the rows of the unit."""
    rows: Mask | None = None
    """True for each row with a take in any other part; None if there is no such row."""
    known: set[str] = field(default_factory=set)
    """Stems of the other parts that were searched for rows of this plan."""

    def is_committed(self) -> Mask:
        """Mask of the rows of the plan that have a committed take."""
        mask: Mask = np.repeat(self.is_whole, np.diff(self.units.starts))
        if self.rows is not None:
            mask |= self.rows
        return mask

    def add_rows(self, at: npt.NDArray[np.int64] | Mask, start: int = 0) -> None:
        """Record rows whose take is in another part than that of the whole unit.

        Args:
            at: row numbers, or a mask of the rows from `start` on.
            start: number of the first row in a mask.
        """
        if self.rows is None:
            self.rows = np.zeros(self.units.n_rows, np.bool_)
        if at.dtype == np.bool_:
            self.rows[start : start + len(at)] |= at.astype(np.bool_)
        else:
            self.rows[at] = True

    def full_folders(self) -> frozenset[int]:
        """Numbers of the part folders whose planned rows are all committed."""
        if not len(self.units):
            return frozenset()
        is_full = self.is_whole
        if self.rows is not None:
            is_full = np.logical_and.reduceat(self.is_committed(), self.units.starts[:-1])
        folder = self.units.numbers // FOLDER_PARTS
        n_open = np.bincount(folder, ~is_full)
        return frozenset(np.flatnonzero((np.bincount(folder) > 0) & (n_open == 0)).tolist())


def load_commits(path: Path) -> list[dict[str, Any]]:
    """Read the rows of an index, one per plan; empty if the file is missing, damaged or in another format version."""
    try:
        with pa.ipc.open_file(arrow_source(path)) as file:
            if (file.schema.metadata or {}).get(_FORMAT_KEY) != _FORMAT:
                return []
            table = file.read_all()
            table.validate(full=True)
            return list(table.cast(_SCHEMA).to_pylist())
    except (pa.ArrowException, OSError, ValueError):
        return []


def stored_commits(stored: Sequence[dict[str, Any]], plan: Path, units: PlanUnits) -> PlanCommits:
    """Committed rows of a plan according to the index; no rows if the plan is not in the index.

    Args:
        stored: rows of the index.
        plan: plan file.
        units: work units of the plan.
    """
    for row in stored:
        if (row["plan"], row["fingerprint"]) == (plan.stem, units.fingerprint):
            rows = None if row["rows"] is None else _unpack(row["rows"], units.n_rows)
            is_whole = _unpack(row["units"], len(units))
            if is_whole is not None and (rows is None) == (row["rows"] is None):
                return PlanCommits(plan, units, is_whole, rows, set(row["parts"]))
    return PlanCommits(plan, units, np.zeros(len(units), np.bool_))


def store_commits(plans: Iterable[PlanCommits], target: Path, staging: Path) -> None:
    """Write the index atomically.

    Args:
        plans: committed rows of all plans of a generation.
        target: path of the index.
        staging: folder of the temporary file.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    rows = [
        {
            "plan": commits.plan.stem,
            "fingerprint": commits.units.fingerprint,
            "units": np.packbits(commits.is_whole).tobytes(),
            "rows": None if commits.rows is None else np.packbits(commits.rows).tobytes(),
            "parts": sorted(commits.known),
        }
        for commits in plans
    ]
    write_arrow(pa.Table.from_pylist(rows, schema=_SCHEMA), target, staging)


def _unpack(bits: bytes | None, n: int) -> Mask | None:
    if bits is None or len(bits) != (n + 7) // 8:
        return None
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=n).astype(np.bool_)
