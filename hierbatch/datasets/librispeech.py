"""LibriSpeech and LibriTTS layouts: SPEAKER/CHAPTER/ID.flac or ID.wav, with transcripts by chapter or by file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hierbatch.datasets.folder import find_transcript
from hierbatch.datasets.rows import ListedRow, RecordingReference, RejectedRow, rejected
from hierbatch.datasets.text_files import AUDIO_SUFFIXES, audio_files, read_pairs
from hierbatch.errors import InputError, SourceError

LIBRISPEECH_TRANSCRIPTS = "*.trans.txt"
LIBRITTS_TRANSCRIPTS = "*.normalized.txt"
_SUFFIXES = (".normalized.txt", ".original.txt")


def read_librispeech(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the rows of LibriSpeech, or of another data set whose files `*.trans.txt` have lines `ID TEXT`.

    Raises:
        InputError: there are no transcripts at or below the folder, or one cannot be read.
    """
    tables = sorted(path.rglob(LIBRISPEECH_TRANSCRIPTS))
    if not tables:
        raise InputError(
            "There are no transcripts of LibriSpeech",
            expected=f"files {LIBRISPEECH_TRANSCRIPTS} at or below the folder",
            got=str(path),
            fix="correct the path, or choose the layout of the data set with --layout",
        )
    for table in tables:
        files = {file.stem: file for file in table.parent.iterdir() if file.suffix.lower() in AUDIO_SUFFIXES}
        for _, row_id, text in read_pairs(table):
            recording = RecordingReference(path=files.get(row_id, table.parent / f"{row_id}.flac"))
            yield ListedRow(id=row_id, audio=recording, speaker=_speaker(row_id), language="en", text=text)


def read_libritts(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the rows of LibriTTS; the transcript `ID.normalized.txt` or `ID.original.txt` is next to each recording.

    Raises:
        InputError: there are no recordings.
    """
    files = audio_files(path)
    if not files:
        raise InputError("There are no recordings of LibriTTS", expected="WAV files", got=str(path), fix="check --data")
    for file in files:
        try:
            text = find_transcript(file, _SUFFIXES)
        except SourceError as error:
            yield rejected(file.stem, error)
            continue
        if text is None:
            yield RejectedRow(
                id=file.stem,
                reason=f"{file} has no transcript. Expected: {file.stem}.normalized.txt. Fix: add the file.",
            )
            continue
        recording = RecordingReference(path=file)
        yield ListedRow(id=file.stem, audio=recording, speaker=_speaker(file.stem), language="en", text=text)


def _speaker(row_id: str) -> str:
    """Speaker at the start of a row id, such as 1089 in 1089-134686-0001 or 1089_134686_000001_000001."""
    return row_id.replace("_", "-").partition("-")[0]
