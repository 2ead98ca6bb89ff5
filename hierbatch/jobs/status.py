"""Status of a run, read from its files alone, and therefore available to other processes and after a crash."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from hierbatch.engine.run_folder import RunFolder, is_locked
from hierbatch.engine.run_record import check_generation
from hierbatch.errors import RunError, VanishedError
from hierbatch.manifest.takes.take_blocks import TakesByBlock

_MAX_COUNTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """Counts of the rows of a run; `n_missing` rows have no take yet."""

    n_rows: int
    n_ok: int
    n_failed: int
    n_missing: int
    sound_s: float
    error_kinds: dict[str, int]
    flags: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Counts of the rows of a run, and the estimated remaining time while a driver is running.

    All values refer to the newest generation that has a plan. `unplanned` is the number of a later generation without a
    finished plan, because a driver is writing it or crashed while writing it; None if there is no such generation.
    """

    run: Path
    generation: int
    model: str
    started_at: str
    is_running: bool
    remaining_s: float | None
    counts: RunCounts
    unplanned: int | None = None


def count_rows(run: Path) -> RunCounts:
    """Count the rows of a run by the state of their takes.

    Raises:
        RunError: the run has no plan yet.
    """
    return _count(run)[1]


def _count(run: Path) -> tuple[int, RunCounts]:
    """Generation and counts of a run; the count is repeated if another process compacts the run meanwhile."""
    for is_last in (*[False] * (_MAX_COUNTS - 1), True):
        blocks = TakesByBlock(run)
        try:
            return blocks.generation, _count_takes(blocks)
        except VanishedError:
            if is_last:
                raise
    raise AssertionError


def _count_takes(blocks: TakesByBlock) -> RunCounts:
    n_rows, n_takes, n_ok, sound_s = 0, 0, 0, 0.0
    error_kinds: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for takes in blocks:
        n_rows, n_takes = takes.n_rows, n_takes + len(takes)
        for table in takes.iter_tables(["status", "error_kind", "duration_s", "flags"]):
            n_ok += pc.sum(pc.equal(table.column("status"), "ok")).as_py() or 0
            sound_s += pc.sum(table.column("duration_s")).as_py() or 0.0
            error_kinds.update(table.column("error_kind").drop_null().to_pylist())
            flags.update(pc.list_flatten(table.column("flags")).to_pylist())
    return RunCounts(
        n_rows=n_rows,
        n_ok=n_ok,
        n_failed=n_takes - n_ok,
        n_missing=n_rows - n_takes,
        sound_s=sound_s,
        error_kinds=dict(error_kinds.most_common()),
        flags=dict(flags.most_common()),
    )


def read_status(run: Path) -> RunStatus:
    """Read the current status of a run.

    Raises:
        RunError: the folder is not a run, or has no plan yet.
    """
    folder = RunFolder(run)
    folder.newest()  # raises RunError if the folder is not a run
    generation, counts = _count(run)
    is_running = is_locked(folder)
    generations = folder.generations()  # read after the takes: a plan is written after its entry
    if generation > len(generations):
        raise RunError(
            f"{run} has a plan without an entry in its record",
            got=f"generation {generation}",
            fix="restore run.json from a copy",
        )
    entry = generations[generation - 1]
    check_generation(entry, folder.record_file)
    unplanned = len(generations) if len(generations) > generation else None
    return RunStatus(
        run=run,
        generation=generation,
        model=f"{entry['settings']['model']}:{entry['settings']['fingerprint']}",
        started_at=entry["started_at"],
        is_running=is_running,
        remaining_s=_remaining_s(folder, counts.n_missing) if is_running and not unplanned else None,
        counts=counts,
        unplanned=unplanned,
    )


def _remaining_s(folder: RunFolder, n_missing: int) -> float | None:
    """Estimated seconds to the end, at the speed since the last start; None if no row has been finished since then."""
    start = folder.last_start_event()
    if start is None or n_missing >= start["left"]:
        return None
    elapsed_s = (datetime.now(UTC) - start["at"]).total_seconds()
    result: float | None = elapsed_s * n_missing / (start["left"] - n_missing)
    return result
