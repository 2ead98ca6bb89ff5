"""Planned rows that have a committed take, and an index of these rows.

The parts, which are the Parquet files of takes, are the authority. The index (`RUN/index/committed.arrow`) records
what has been read from them: one bit for each work unit whose part was read, and, for takes in other parts (halves,
compacted files, earlier generations), one bit for each row, with the names of those parts. At the start of a session,
the parts are listed, and only those that are not in the index are read; without an index, all parts are read. The rows
of a part that has disappeared no longer count as committed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hierbatch.engine.part_listing import UNIT_PART, PartListing, list_part_files, owning_plan
from hierbatch.engine.part_reader import PartReader
from hierbatch.engine.plan_commits import Mask, PlanCommits, load_commits, store_commits, stored_commits
from hierbatch.engine.run_folder import RunFolder
from hierbatch.engine.work_units import Pending, make_pending
from hierbatch.errors import VanishedError
from hierbatch.manifest.runs.plan_units import PlanUnits
from hierbatch.manifest.runs.run_layout import FOLDER_PARTS
from hierbatch.object_path import is_remote

_MAX_RESCANS = 20


class CommittedRows:
    """Committed rows of all plans of a generation. The caller must own the lock of the run."""

    def __init__(self, folder: RunFolder, generation: int) -> None:
        """Load the index; `refresh` compares it with the parts.

        Args:
            folder: the run.
            generation: number of the generation, from 1.
        """
        self._folder, self._generation = folder, generation
        self._plans: dict[str, PlanCommits] = {}
        self._n_unsaved = 0
        self._parts = PartReader(folder, self._plans)
        stored = load_commits(self._index_file)
        for plan in folder.plan_files(generation):
            units = PlanUnits.load(folder.units_file(plan), plan)
            self._plans[plan.stem] = stored_commits(stored, plan, units)

    @property
    def n_read(self) -> int:
        """Number of parts that were read because they were not in the index."""
        return self._parts.n_read

    @property
    def plans(self) -> list[PlanCommits]:
        """Committed rows of each plan: the first plan of the generation, then the plans of retries and requests."""
        return list(self._plans.values())

    def refresh(
        self,
        *,
        complete: bool = True,
        listing: PartListing | None = None,
        on_message: Callable[[str], object] = lambda text: None,
    ) -> None:
        """Bring the index up to date with the parts.

        Args:
            complete: True to list all folders of parts; False to skip folders of an object store whose planned rows
                are all committed according to the index.
            listing: current list of the parts; None lists them.
            on_message: function that receives a message if many parts have to be read.

        Raises:
            RunError: a plan or a part is damaged.
            VanishedError: parts keep disappearing.
        """
        for is_last in (*[False] * (_MAX_RESCANS - 1), True):
            try:
                self._refresh(listing or self._list(complete=complete), on_message)
            except VanishedError:
                listing = None
                if is_last:
                    raise
            else:
                break

    def add_plan(self, plan: Path) -> PlanCommits:
        """Add a plan of retakes, whose takes can only be in its own parts and in parts of other generations.

        Raises:
            RunError: the plan or a part is damaged.
        """
        units = PlanUnits.from_plan(plan)
        added = self._plans[plan.stem] = PlanCommits(plan, units, np.zeros(len(units), np.bool_))
        listing = self._list(complete=True)
        own = f"g{self._generation:04d}-"
        added.known = {stem for stem in listing.others if stem.startswith(own) and not owning_plan(stem, [plan.stem])}
        self.refresh(listing=listing)
        return added

    def pending(self, commits: PlanCommits, is_wanted: Mask | None = None) -> Pending:
        """Find the rows of a plan that have no take.

        Args:
            commits: committed rows of the plan.
            is_wanted: True for each row of the manifest that is to be processed; None for all rows.
        """
        return make_pending(commits.plan, commits.units, ~commits.is_committed(), is_wanted)

    def add(self, unit: str, *, save_after: int = FOLDER_PARTS) -> None:
        """Record a finished work unit by name, and save the index after every `save_after` units.

        Raises:
            StorageError: the disk is full.
        """
        named = UNIT_PART.fullmatch(unit)
        plan = self._plans.get(named["plan"]) if named and not named["rest"] else None
        if named and plan and plan.units.is_unique:
            at = plan.units.find(np.array([int(named["number"])]))
            plan.is_whole[at[at >= 0]] = True
            self._n_unsaved += 1
        if self._n_unsaved >= save_after:
            self.save()

    def save(self) -> None:
        """Write the index, if it has changed.

        Raises:
            StorageError: the disk is full, read-only or gone.
        """
        if not self._n_unsaved:
            return
        for commits in self._plans.values():
            if not self._folder.units_file(commits.plan).exists():
                commits.units.store(self._folder.units_file(commits.plan), self._folder.tmp)
        store_commits(self.plans, self._index_file, self._folder.tmp)
        self._n_unsaved = 0

    @property
    def _index_file(self) -> Path:
        return self._folder.index / "committed.arrow"

    def _list(self, *, complete: bool) -> PartListing:
        skip_full = not complete and is_remote(self._folder.root)
        full = {stem: commits.full_folders() for stem, commits in self._by_unit.items()} if skip_full else {}
        return list_part_files(self._folder, self._plans, self._by_unit, full)

    @property
    def _by_unit(self) -> dict[str, PlanCommits]:
        """Committed rows by stem of the plan, for plans in which a part can be found by the number of its unit."""
        return {stem: commits for stem, commits in self._plans.items() if commits.units.is_unique}

    def _refresh(self, listing: PartListing, on_message: Callable[[str], object]) -> None:
        unknown: dict[str, npt.NDArray[np.int64]] = {}
        for stem, commits in self._plans.items():
            unknown[stem] = self._forget_removed(commits, listing, stem)
        n_new = sum(map(len, unknown.values())) + len(self._new_others(listing))
        if n_new > FOLDER_PARTS:
            on_message(f"Reading {n_new} files of the run that its index does not have")
        n_read = self._parts.n_read
        try:
            for stem, commits in self._plans.items():
                self._parts.read_whole(commits, unknown[stem], listing)
            self._parts.read_others(listing)
        finally:
            self._n_unsaved += self._parts.n_read - n_read

    def _new_others(self, listing: PartListing) -> set[str]:
        known = [commits.known for commits in self._plans.values()]
        return {stem for stem in listing.others if not all(stem in names for names in known)}

    def _forget_removed(self, commits: PlanCommits, listing: PartListing, stem: str) -> npt.NDArray[np.int64]:
        """Forget the rows of parts that were removed, and return the indices of the units whose parts are new."""
        numbers = np.array(listing.units[stem], np.int64)
        at = commits.units.find(numbers) if commits.units.is_unique else np.zeros(0, np.int64)
        for number in numbers[at < 0].tolist():  # of a plan that was replaced by another of the same name
            unit = f"{stem}-u{number:06d}"
            listing.others[unit] = self._parts.path(unit)
        is_listed = np.isin(commits.units.numbers // FOLDER_PARTS, sorted(listing.skipped.get(stem, ())))
        is_listed[at[at >= 0]] = True
        if (commits.is_whole & ~is_listed).any():
            commits.is_whole &= is_listed
            self._n_unsaved += 1
        folders = {owner: {f"{owner}-u{n:05d}" for n in found} for owner, found in listing.skipped.items()}
        hidden = set().union(*folders.values()) if folders else set()
        for name in [name for name in commits.known if name not in listing.others]:
            if self._folder.part_file(name).parent.name not in hidden:
                commits.known, commits.rows = set(), None
                self._n_unsaved += 1
                break
        new = np.zeros(len(commits.units), np.bool_)
        new[at[at >= 0]] = True
        return np.flatnonzero(new & ~commits.is_whole)
