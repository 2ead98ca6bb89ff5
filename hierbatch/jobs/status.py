"""How a run stands, read from its files alone: from another shell, during the run or after a crash."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
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
    """A run's standing, and whether and how fast somebody is at work; `left_s` only while somebody is."""

    run: Path
    generation: int
    model: str
    started_at: str
    is_running: bool
    left_s: float | None
    standing: Standing


def read_standing(run: Path) -> Standing:
    """Count a run's takes; raises RunError where it has no plan yet."""
    takes = Takes(run)
    table = takes.table(["status", "error_kind", "duration_s", "flags"])
    n_ok = pc.sum(pc.equal(table.column("status"), "ok")).as_py() or 0
    return Standing(
        n_rows=takes.n_rows,
        n_ok=n_ok,
        n_failed=len(table) - n_ok,
        n_missing=takes.n_rows - len(table),
        sound_s=pc.sum(table.column("duration_s")).as_py() or 0.0,
        error_kinds=_counted(table.column("error_kind").drop_null()),
        flags=_counted(pc.list_flatten(table.column("flags"))),
    )


def read_status(run: Path) -> RunStatus:
    """How a run stands now.

    Raises:
        RunError: this is no run, or it has no plan yet.
    """
    folder = RunFolder(run)
    newest = folder.newest()
    standing = read_standing(run)
    is_running = is_held(folder)
    return RunStatus(
        run=run,
        generation=newest["number"],
        model=f"{newest['settings']['model']}:{newest['settings']['fingerprint']}",
        started_at=newest["started_at"],
        is_running=is_running,
        left_s=_left_s(folder, standing.n_missing) if is_running else None,
        standing=standing,
    )


def _counted(values: pa.ChunkedArray) -> dict[str, int]:
    """How often each value stands there, the most frequent first."""
    pairs = pc.value_counts(values).to_pylist()
    return {pair["values"]: pair["counts"] for pair in sorted(pairs, key=lambda pair: -pair["counts"])}


def _left_s(folder: RunFolder, n_missing: int) -> float | None:
    """Seconds to the end at the pace since the last start; None where there is no pace yet."""
    start = None
    if folder.events_file.exists():
        with folder.events_file.open(encoding="utf-8") as lines:
            starts = [line for line in lines if '"event": "start"' in line]
        start = json.loads(starts[-1]) if starts else None
    if start is None or n_missing >= start["left"]:
        return None
    elapsed_s = (datetime.now(UTC) - datetime.fromisoformat(start["at"])).total_seconds()
    return elapsed_s * n_missing / (start["left"] - n_missing)
