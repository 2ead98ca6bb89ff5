"""Note lists: CSV with the columns onset_s, duration_s, pitch and lyric.

`pitch` is a MIDI number or a name such as C4, F#3 or Bb5. Without `onset_s` the notes follow each other, and a row
without a pitch is a rest. With a column `beats` instead of the times, a value of `tempo_bpm` applies from its row on.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping

from hierbatch.errors import TextError
from hierbatch.frontend.scores.score import HOLD, MAX_NOTES, MusicScore, Note

_NAME = re.compile(r"([A-Ga-g])([#♯b♭]?)(-?\d)")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHIFTS = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
_RESTS = frozenset({"", "r", "rest"})
_HOLDS = frozenset({"", "_", HOLD})
_DEFAULT_BPM = 120.0


def read_note_list(content: bytes) -> MusicScore:
    """Read a note list.

    Raises:
        TextError: the file is not CSV in UTF-8, a column or value is missing or invalid, or the notes cannot be sung.
    """
    try:
        text = content.decode("utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)  # spreadsheets write all three
        reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True, delimiter=separator)
        names = {_column(name) for name in reader.fieldnames or ()}
        if not {"pitch"} < names or not names & {"duration_s", "beats"}:
            raise TextError(
                "The note list lacks columns",
                expected="pitch, lyric, and duration_s or beats; onset_s and tempo_bpm are optional",
                got=", ".join(sorted(names))[:80] or "none",
                fix="add them to the first line",
            )
        return MusicScore.from_notes(_notes(reader))
    except (UnicodeDecodeError, csv.Error) as error:
        raise TextError("The note list is not a CSV file in UTF-8", got=str(error), fix="save it again") from error


def parse_pitch(name: str) -> float:
    """MIDI number of a note name or number.

    >>> parse_pitch("A4"), parse_pitch("Bb3"), parse_pitch("60.5")
    (69.0, 58.0, 60.5)

    Raises:
        ValueError: the text is neither a note name nor a finite number.
    """
    found = _NAME.fullmatch(name.strip())
    if not found:
        value = float(name)
        if not math.isfinite(value):
            raise ValueError(f"{name} is not a finite number")
        return value
    letter, shift, octave = found.groups()
    return float(_STEPS[letter.upper()] + _SHIFTS[shift] + 12 * (int(octave) + 1))


def _column(name: str | None) -> str:
    return (name or "").strip().lower()


def _notes(reader: csv.DictReader[str]) -> list[Note]:
    notes: list[Note] = []
    clock_s, bpm = 0.0, _DEFAULT_BPM
    for number, raw in enumerate(reader, start=2):
        row = {_column(name): (value or "").strip() for name, value in raw.items() if isinstance(value, str)}
        if not any(row.values()):
            continue
        try:
            bpm = _number(row, "tempo_bpm", bpm)
            onset_s = _number(row, "onset_s", clock_s)
            duration_s = _number(row, "duration_s", 0.0) if "duration_s" in row else float(row["beats"]) * 60.0 / bpm
            clock_s = onset_s + duration_s
            if row["pitch"].lower() not in _RESTS:
                lyric = row.get("lyric", "")
                notes.append(Note(onset_s, duration_s, parse_pitch(row["pitch"]), HOLD if lyric in _HOLDS else lyric))
        except (ValueError, ZeroDivisionError, KeyError, OverflowError) as error:
            raise TextError(
                f"Line {number} of the note list cannot be read", expected="numbers, and note names such as C4",
                got=str(error), fix="correct the line",
            ) from error  # fmt: skip
        if len(notes) > MAX_NOTES:
            break  # the check of the score reports the length
    return notes


def _number(row: Mapping[str, str], name: str, default: float) -> float:
    value = row.get(name, "")
    return float(value) if value else default
