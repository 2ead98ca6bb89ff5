"""Detection of the planned rows that have a take, by reading the ids in the part files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.engine.part_listing import UNIT_PART, PartListing, owning_plan
from hierbatch.engine.plan_commits import PlanCommits
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.runs.name_join import find_planned_rows
from hierbatch.manifest.runs.parts import read_part_columns
from hierbatch.manifest.runs.plan_units import PlanReader
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS, row_names

_NAME_BATCH_ROWS = 16_384


class PartReader:
    """Reader of part files, which marks the planned rows that have a take in these files.

    Args:
        folder: the run.
        plans: committed rows by name of the plan; plans may be added later.
    """

    def __init__(self, folder: RunFolder, plans: Mapping[str, PlanCommits]) -> None:
        self._folder, self._plans = folder, plans
        self._readers: dict[str, PlanReader] = {}
        self.n_read = 0
        """Number of parts that were read."""

    def read_whole(self, commits: PlanCommits, units: npt.NDArray[np.int64], listing: PartListing) -> None:
        """Read the parts of whole units; a part whose rows differ from those of its unit is added to `listing.others`.

        Args:
            commits: committed rows of the plan.
            units: indices of the units.
            listing: list of the parts.
        """
        if not len(units):
            return
        reader = self._reader(commits)
        for unit in units.tolist():
            stem = f"{commits.plan.stem}-u{commits.units.numbers[unit]:06d}"
            part = self.path(stem)
            found = self._read(part)
            planned = reader.rows(int(commits.units.starts[unit]), int(commits.units.starts[unit + 1]))
            if found.select(TAKE_ID_COLUMNS).cast(planned.schema).equals(planned):
                commits.is_whole[unit] = True
            else:
                listing.others[stem] = part

    def read_others(self, listing: PartListing) -> None:
        """Record the rows of parts that are not whole units.

        The rows are searched for in the unit that the stem of the part names, then in whole plans.
        """
        foreign: dict[str, Path] = {}
        for stem, part in listing.others.items():
            owner = self._plans.get(owning_plan(stem, self._plans))
            if owner is None:
                foreign[stem] = part
                continue
            for commits in self._plans.values():
                if commits is not owner:
                    commits.known.add(stem)  # within a generation, no part has takes of two plans
            if stem not in owner.known and not self._read_piece(owner, stem, part):
                foreign[stem] = part
        for commits in self._plans.values():
            self._join(commits, {stem: part for stem, part in foreign.items() if stem not in commits.known})

    def _read_piece(self, commits: PlanCommits, stem: str, part: Path) -> bool:
        """Record the rows of a part in the unit that its stem names.

        Returns:
            False, with nothing recorded, if the stem does not name a unit or the part has rows of other units.
        """
        named = UNIT_PART.fullmatch(stem)
        if named is None or not commits.units.is_unique:
            return False
        (unit,) = commits.units.find(np.array([int(named["number"])])).tolist()
        if unit < 0:
            return False
        start, end = (int(row) for row in commits.units.starts[unit : unit + 2])
        planned = row_names(self._reader(commits).rows(start, end))
        found = row_names(self._read(part))
        is_made = pc.is_in(planned, value_set=found).to_numpy(zero_copy_only=False)
        if not pc.all(pc.is_in(found, value_set=planned)).as_py():
            return False
        commits.add_rows(is_made, start)
        commits.known.add(stem)
        return True

    def _join(self, commits: PlanCommits, parts: dict[str, Path]) -> None:
        if not parts:
            return
        committed = (row_names(self._read(part)) for part in parts.values())
        rows = find_planned_rows(committed, self._planned_names(commits), commits.units.n_rows)
        commits.add_rows(rows[rows >= 0])
        commits.known.update(parts)

    def _planned_names(self, commits: PlanCommits) -> Iterator[pa.Array]:
        for start in range(0, commits.units.n_rows, _NAME_BATCH_ROWS):
            yield row_names(self._reader(commits).rows(start, min(start + _NAME_BATCH_ROWS, commits.units.n_rows)))

    def _reader(self, commits: PlanCommits) -> PlanReader:
        stem = commits.plan.stem
        if stem not in self._readers:
            self._readers[stem] = PlanReader(commits.plan, list(TAKE_ID_COLUMNS))
        return self._readers[stem]

    def path(self, stem: str) -> Path:
        """Path of a listed part; earlier versions wrote all parts into one folder."""
        part = self._folder.part_file(stem)
        return part if part.parent == self._folder.parts or part.exists() else self._folder.parts / part.name

    def _read(self, part: Path) -> pa.Table:
        self.n_read += 1
        return read_part_columns(part, TAKE_ID_COLUMNS)
