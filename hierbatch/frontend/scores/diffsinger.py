"""DiffSinger scripts (.ds): a JSON list of phrases with notes and lyrics, as OpenUtau exports them.

Each phrase has `offset` in seconds, `note_seq` with note names, `note_dur` in seconds, `note_slur` (1 for a note that
continues the syllable before it) and `text` with one lyric per syllable, all as values separated by spaces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hierbatch.errors import TextError
from hierbatch.frontend.scores.note_list import parse_pitch
from hierbatch.frontend.scores.score import HOLD, MAX_NOTES, MusicScore, Note

_MAX_BYTES = 16 << 20
_REST = "rest"
_BREATHS = frozenset({"AP", "SP", "<AP>", "<SP>", "R"})


def read_diffsinger(content: bytes) -> MusicScore:
    """Read a DiffSinger script.

    Raises:
        TextError: the file is damaged, or its notes cannot be sung.
    """
    try:
        if len(content) > _MAX_BYTES:
            raise ValueError(f"more than {_MAX_BYTES >> 20} MiB")
        phrases = json.loads(content.decode("utf-8-sig"))
        phrases = [phrases] if isinstance(phrases, dict) else phrases
        notes: list[Note] = []
        for phrase in phrases:
            notes += _notes(phrase)
            if len(notes) > MAX_NOTES:
                break  # the check of the score reports the length
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise TextError(
            "The DiffSinger script cannot be read", expected="phrases with offset, note_seq, note_dur and text",
            got=f"{type(error).__name__}: {error}"[:80], fix="export the song as MusicXML or MIDI with lyrics",
        ) from error  # fmt: skip
    return MusicScore.from_notes(notes)


def _notes(phrase: Mapping[str, Any]) -> Iterator[Note]:
    """Notes of one phrase.

    Raises:
        ValueError: a number is invalid, or the numbers of notes, durations and lyrics do not match.
    """
    names, durations = phrase["note_seq"].split(), [float(value) for value in phrase["note_dur"].split()]
    slurs = [value == "1" for value in str(phrase.get("note_slur", "0 " * len(names))).split()]
    if not len(names) == len(durations) == len(slurs):
        raise ValueError(f"{len(names)} notes, {len(durations)} durations, {len(slurs)} slurs")
    lyrics = iter(_lyrics(phrase["text"].split(), names, slurs))
    onset_s = float(phrase.get("offset", 0.0))
    for name, duration_s, is_slur in zip(names, durations, slurs, strict=True):
        lyric = HOLD if is_slur else next(lyrics)
        if name != _REST and lyric not in _BREATHS:
            yield Note(onset_s, duration_s, parse_pitch(name), lyric)
        onset_s += duration_s


def _lyrics(texts: list[str], names: list[str], slurs: list[bool]) -> list[str]:
    """Lyric of each note that begins a syllable, rests included; the text may lack lyrics for the rests."""
    sung = [name != _REST for name, is_slur in zip(names, slurs, strict=True) if not is_slur]
    if len(texts) == len(sung):
        return texts
    words = iter([text for text in texts if text not in _BREATHS])
    n_words = sum(text not in _BREATHS for text in texts)
    if n_words != sum(sung):
        raise ValueError(f"{n_words} lyrics for {sum(sung)} notes")
    return [next(words) if is_sung else _REST for is_sung in sung]
