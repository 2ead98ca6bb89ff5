"""Readers of score files, in a table with one entry for each file suffix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from hierbatch.errors import TextError
from hierbatch.frontend.scores.compressed_musicxml import read_compressed_musicxml
from hierbatch.frontend.scores.diffsinger import read_diffsinger
from hierbatch.frontend.scores.midi import read_midi
from hierbatch.frontend.scores.musicxml import read_musicxml
from hierbatch.frontend.scores.note_list import read_note_list
from hierbatch.frontend.scores.openutau import read_openutau
from hierbatch.frontend.scores.score import MusicScore
from hierbatch.names import find_path

MAX_SCORE_BYTES = 32 << 20

SCORE_READERS: Mapping[str, Callable[[bytes], MusicScore]] = {
    ".mid": read_midi,
    ".midi": read_midi,
    ".kar": read_midi,
    ".musicxml": read_musicxml,
    ".xml": read_musicxml,
    ".mxl": read_compressed_musicxml,
    ".ustx": read_openutau,
    ".ds": read_diffsinger,
    ".csv": read_note_list,
}
"""Reader for each file suffix: a function from the content of a file to a checked score."""


def read_score(path: Path) -> MusicScore:
    """Read the score in a file, in the format of its suffix.

    Raises:
        TextError: the file is missing, too large, damaged or in an unknown format, or its notes cannot be sung.
        ProgramError: the package that reads this format is missing.
    """
    read = SCORE_READERS.get(path.suffix.lower())
    if read is None:
        raise TextError(
            "The format of the score is unknown", expected=" ".join(SCORE_READERS), got=repr(path.name),
            fix="export the song as MusicXML or MIDI with lyrics",
        )  # fmt: skip
    return read(_content(path))


def _content(path: Path) -> bytes:
    found = find_path(path)
    try:
        if not found.is_file():
            raise TextError("The score does not exist", expected="a file", got=str(path), fix="correct the path")
        size = found.stat().st_size
        if size > MAX_SCORE_BYTES:
            raise TextError(
                "The score is too large", expected=f"at most {MAX_SCORE_BYTES >> 20} MiB", got=f"{size >> 20} MiB",
                fix="export one voice without pictures",
            )  # fmt: skip
        return found.read_bytes()
    except (OSError, ValueError) as error:
        raise TextError("The score cannot be read", got=f"{path}: {error}", fix="correct the path") from error
