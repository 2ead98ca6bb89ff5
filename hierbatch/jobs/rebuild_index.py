"""Rebuild of the index of a run from its parts, with a measurement of the time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from hierbatch.engine.committed_rows import CommittedRows
from hierbatch.engine.run_folder import RunFolder, lock_run
from hierbatch.errors import RunError
from hierbatch.object_path import list_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuiltIndex:
    """Number of parts read, number of committed rows in them, and duration of the rebuild in seconds."""

    n_parts: int
    n_rows: int
    wall_s: float

    @property
    def parts_per_s(self) -> float:
        """Parts read per second."""
        return self.n_parts / self.wall_s if self.wall_s > 0 else 0.0


def rebuild_index(run: Path) -> RebuiltIndex:
    """Delete the index of a run, read all its parts, and write the index again.

    Raises:
        RunError: the folder is not a run, has no plan, or a driver works on it.
        StorageError: the disk is full.
    """
    folder = RunFolder(run)
    folder.newest()  # raises RunError if the folder is not a run
    started = perf_counter()
    with lock_run(folder):
        folder.make()
        folder.remove_leftovers()
        generation = folder.newest_generation()
        if not generation:
            raise RunError(f"{run} has no plan yet", fix="start it with `hierbatch run`")
        for name in list_folder(folder.index)[0]:
            (folder.index / name).unlink(missing_ok=True)
        committed = CommittedRows(folder, generation)
        committed.refresh()
        committed.save()
    n_rows = sum(int(np.count_nonzero(commits.is_committed())) for commits in committed.plans)
    return RebuiltIndex(n_parts=committed.n_read, n_rows=n_rows, wall_s=perf_counter() - started)
