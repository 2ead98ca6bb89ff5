"""Folder of recordings, each with an optional transcript of the same name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hierbatch.datasets.rows import ListedRow, RecordingReference, RejectedRow, rejected
from hierbatch.datasets.text_files import AUDIO_SUFFIXES, audio_files, read_transcript
from hierbatch.errors import InputError, SourceError

_TRANSCRIPT_SUFFIXES = (".txt", ".lab")


def read_folder(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the recordings at or below a folder; the speaker is the name of the folder that contains the recording.

    Raises:
        InputError: there are no recordings.
    """
    root, files = (path.parent, [path]) if path.is_file() else (path, audio_files(path))
    if not files or (path.is_file() and path.suffix.lower() not in AUDIO_SUFFIXES):
        raise InputError(
            "There are no recordings",
            expected=f"files with the suffix {', '.join(sorted(AUDIO_SUFFIXES))}",
            got=str(path),
            fix="correct the path, or choose the layout of the data set with --layout",
        )
    for file in files:
        row_id = file.relative_to(root).with_suffix("").as_posix()
        try:
            text = find_transcript(file, _TRANSCRIPT_SUFFIXES)
        except SourceError as error:
            yield rejected(row_id, error)
            continue
        yield ListedRow(
            id=row_id, audio=RecordingReference(path=file), speaker=file.parent.resolve().name, text=text or ""
        )


def find_transcript(recording: Path, suffixes: tuple[str, ...]) -> str | None:
    """Text of the transcript next to a recording, or None; if several suffixes have a file, the first suffix is used.

    Raises:
        SourceError: the transcript cannot be read.
    """
    for suffix in suffixes:
        path = recording.with_name(recording.stem + suffix)
        if path.is_file():
            return read_transcript(path)
    return None
