"""How a run stands, read from its files alone: from another shell, during the run or after a crash."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc

from hierbatch.engine.run_folder import RunFolder, is_held
from hierbatch.manifest.takes import Takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Counts of a run's rows; `n_missing` have no take yet."""

    n_rows: int
    n_ok: int
    n_failed: int
    n_missing: int
    sound_s: float
    error_kinds: dict[str, int]
    flags: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """A run's standing, and whether and how fast somebody is at work; `left_s` only while somebody is.

    All is of the newest generation that has a plan. `unplanned` is one that was asked for since and has none yet: a
    driver is at it, or died over it.
    """

    run: Path
    generation: int
    model: str
    started_at: str
    is_running: bool
    left_s: float | None
    standing: Standing
    unplanned: int | None = None


def read_standing(run: Path) -> Standing:
    """Count a run's takes; raises RunError where it has no plan yet."""
    return _count(Takes(run))


def _count(takes: Takes) -> Standing:
    n_ok, sound_s = 0, 0.0
    error_kinds: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    for piece in takes.in_pieces(["status", "error_kind", "duration_s", "flags"]):
        n_ok += pc.sum(pc.equal(piece.column("status"), "ok")).as_py() or 0
        sound_s += pc.sum(piece.column("duration_s")).as_py() or 0.0
        error_kinds.update(piece.column("error_kind").drop_null().to_pylist())
        flags.update(pc.list_flatten(piece.column("flags")).to_pylist())
    return Standing(
        n_rows=takes.n_rows,
        n_ok=n_ok,
        n_failed=len(takes) - n_ok,
        n_missing=takes.n_rows - len(takes),
        sound_s=sound_s,
        error_kinds=dict(error_kinds.most_common()),
        flags=dict(flags.most_common()),
    )


def read_status(run: Path) -> RunStatus:
    """How a run stands now.

    Raises:
        RunError: this is no run, or it has no plan yet.
    """
    folder = RunFolder(run)
    folder.newest()  # or it is no run
    takes = Takes(run)
    standing = _count(takes)
    is_running = is_held(folder)
    generations = folder.generations()  # now: a plan stands after its entry
    counted = generations[takes.generation - 1]
    unplanned = len(generations) if len(generations) > takes.generation else None
    return RunStatus(
        run=run,
        generation=takes.generation,
        model=f"{counted['settings']['model']}:{counted['settings']['fingerprint']}",
        started_at=counted["started_at"],
        is_running=is_running,
        left_s=_left_s(folder, standing.n_missing) if is_running and not unplanned else None,
        standing=standing,
        unplanned=unplanned,
    )


def _left_s(folder: RunFolder, n_missing: int) -> float | None:
    """Seconds to the end at the pace since the last start; None where there is no pace yet."""
    start = folder.last_start()
    if start is None or n_missing >= start["left"]:
        return None
    elapsed_s = (datetime.now(UTC) - datetime.fromisoformat(start["at"])).total_seconds()
    return elapsed_s * n_missing / (start["left"] - n_missing)
