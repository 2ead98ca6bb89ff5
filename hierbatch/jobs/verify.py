"""Verification of the takes of a run, whose audio is decoded and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from hierbatch.audio.flac_integrity import find_flac_damage
from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.takes.takes import Takes

_COLUMNS = ("id", "status", "sample_rate_hz", "n_samples", "audio")
_BATCH_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedTake:
    """Take whose audio is damaged, and the fault."""

    id: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Result of a verification: the number of takes, and the damaged takes."""

    n_takes: int
    damaged: tuple[DamagedTake, ...]


def verify_takes(run: Path) -> Verification:
    """Check the audio of the best take of every row of a run.

    Raises:
        RunError: the folder is not a run, has no plan yet, or has a file that is damaged as a whole.
    """
    RunFolder(run).newest()  # raises RunError if the folder is not a run
    n_takes = 0
    damaged: list[DamagedTake] = []
    for table in Takes(run).iter_tables(list(_COLUMNS)):
        for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
            n_takes += len(batch)
            damaged += _damaged(batch)
    return Verification(n_takes=n_takes, damaged=tuple(damaged))


def _damaged(batch: pa.RecordBatch) -> Iterator[DamagedTake]:
    for row in batch.to_pylist():
        if row["status"] != "ok":
            continue
        content = (row["audio"] or {}).get("bytes") or b""
        fault = find_flac_damage(content, rate_hz=row["sample_rate_hz"], n_samples=row["n_samples"])
        if fault:
            yield DamagedTake(id=row["id"], fault=fault)
