"""Writing of the takes of a run as separate audio files."""

from __future__ import annotations

from pathlib import Path

from hierbatch.manifest.takes.takes import Takes
from hierbatch.storage import write_atomically

_BATCH_ROWS = 32


def write_clips(run: Path) -> int:
    """Write each successful take to `RUN/export/clips/ID.flac`.

    Files that already have the same content are not written again, and the files of rows that no longer have a
    successful take are deleted.

    Returns:
        Number of clips, including the unchanged ones.

    Raises:
        RunError: the run has no plan.
        StorageError: the disk is full.
    """
    takes = Takes(run)
    folder = run / "export" / "clips"
    ids, n_clips = takes.ids, 0
    for start in range(0, len(ids), _BATCH_ROWS):
        batch = ids[start : start + _BATCH_ROWS]
        sounds = takes.sounds(batch)
        for row_id in set(batch).difference(sounds):  # a reviewer may have rejected a take that was written before
            (folder / f"{row_id}.flac").unlink(missing_ok=True)
        for row_id, content in sounds.items():
            target = folder / f"{row_id}.flac"
            if not (target.is_file() and target.read_bytes() == content):
                with write_atomically(target) as temporary:
                    temporary.write_bytes(content)
            n_clips += 1
    return n_clips
