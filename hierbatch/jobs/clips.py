"""A run's takes as plain sound files."""

from __future__ import annotations

from pathlib import Path

from hierbatch.manifest.takes import Takes
from hierbatch.storage import write_whole

_ROWS_AT_ONCE = 32


def write_clips(run: Path) -> int:
    """Write each good take as `RUN/export/clips/ID.flac`; files that are right already are left; gives their number.

    Raises:
        RunError: the run has no plan.
        StorageError: the disk is full.
    """
    takes = Takes(run)
    folder = run / "export" / "clips"
    ids, n_clips = takes.ids, 0
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        for row_id, content in takes.sounds(ids[start : start + _ROWS_AT_ONCE]).items():
            target = folder / f"{row_id}.flac"
            if not (target.is_file() and target.read_bytes() == content):
                with write_whole(target) as aside:
                    aside.write_bytes(content)
            n_clips += 1
    return n_clips
