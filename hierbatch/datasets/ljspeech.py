"""LJSpeech layout: `metadata.csv` with `id|text|normalized text`, and recordings in `wavs/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hierbatch.datasets.rows import ListedRow, RecordingReference, RejectedRow
from hierbatch.datasets.text_files import read_lines
from hierbatch.errors import InputError

TABLE, FOLDER = "metadata.csv", "wavs"
_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus")


def read_ljspeech(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the rows of a data set in the LJSpeech layout; the speaker is the name of the data set's folder.

    Raises:
        InputError: the table or the folder of recordings is missing.
    """
    table = path if path.is_file() else path / TABLE
    recordings = table.parent / FOLDER
    lines = read_lines(table)
    if not recordings.is_dir():
        raise InputError(
            f"{table.parent} has no folder of recordings",
            expected=f"a folder {FOLDER} next to {TABLE}",
            fix="check that the data set is complete, or choose its layout with --layout",
        )
    speaker = table.parent.resolve().name
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row_id, *texts = line.split("|")
        if not row_id or not texts:
            yield RejectedRow(
                id=row_id or f"line {number}",
                reason=f"Line {number} of {table} is incomplete. Expected: id|text. Got: {line[:80]}. Fix: correct it.",
            )
            continue
        # The third field spells out numbers; some data sets leave it empty.
        text = next((text for text in reversed(texts[:2]) if text.strip()), "")
        yield ListedRow(id=row_id, audio=_recording(recordings, row_id), speaker=speaker, text=text)


def _recording(folder: Path, row_id: str) -> RecordingReference:
    names = (row_id, *(row_id + suffix for suffix in _SUFFIXES))
    found = next((folder / name for name in names if (folder / name).is_file()), folder / f"{row_id}.wav")
    return RecordingReference(path=found)
