"""MIDI files with lyrics, by mido: the track that has the lyrics, or the first one with notes.

Lyric events belong to the note that starts at their time. A trailing hyphen joins syllables of a word; karaoke files
mark a new word by a space or slash instead; the lyrics show which notation a file uses.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hierbatch.errors import TextError
from hierbatch.frontend.scores.score import HOLD, HYPHEN, MAX_NOTES, NEXT_SYLLABLE, MusicScore, Note
from hierbatch.programs import require_package

_DEFAULT_TEMPO = 500_000  # microseconds per quarter note
_MAX_BYTES = 2 << 20
_MAX_EVENTS = 400_000
_HOLDS = frozenset({"", "_", "-", "~", "ー"})
_TICKS_APART = 0.12
"""Largest distance between a lyric and its note, in quarter notes."""


@dataclass(frozen=True, slots=True)
class _Track:
    """Notes (start tick, end tick, pitch, channel) and lyrics (tick, text) of one track."""

    notes: tuple[tuple[int, int, int, int], ...]
    lyrics: tuple[tuple[int, str], ...]


def read_midi(content: bytes) -> MusicScore:
    """Read a MIDI file.

    Raises:
        TextError: the file is too large or damaged, or has no notes or several voices.
        ProgramError: the package mido is missing.
    """
    mido = require_package("mido", extra="singing")

    if len(content) > _MAX_BYTES:
        raise TextError(
            "The MIDI file is too large", expected=f"at most {_MAX_BYTES >> 20} MiB", got=f"{len(content) >> 20} MiB",
            fix="export the melody alone",
        )  # fmt: skip
    try:
        file = mido.MidiFile(file=io.BytesIO(content), charset="latin1", clip=True)
    except Exception as error:
        raise TextError(
            "The MIDI file is damaged", expected="a standard MIDI file", got=f"{error}"[:80] or type(error).__name__,
            fix="export it again",
        ) from error  # fmt: skip
    if sum(map(len, file.tracks)) > _MAX_EVENTS or file.ticks_per_beat <= 0:
        raise TextError(
            "The MIDI file cannot be sung", expected=f"at most {_MAX_EVENTS:,} events, timed in beats",
            fix="export the melody alone",
        )  # fmt: skip
    decode = _decoder(file.tracks)
    tracks = [_read_track(track, decode) for track in file.tracks]
    melody = _melody(tracks)
    lyrics = melody.lyrics or max((track.lyrics for track in tracks), key=len)
    by_note = _assign(melody.notes, lyrics, file.ticks_per_beat)
    seconds = _Clock(file.tracks, file.ticks_per_beat)
    return MusicScore.from_notes(
        Note(seconds.at(start), seconds.at(end) - seconds.at(start), float(pitch), lyric)
        for (start, end, pitch, _), lyric in zip(melody.notes, by_note, strict=True)
    )


class _Clock:
    """Conversion of ticks to seconds, by the tempo events of all tracks."""

    def __init__(self, tracks: Sequence[Any], ticks_per_beat: int) -> None:
        changes: dict[int, int] = {0: _DEFAULT_TEMPO}
        for track in tracks:
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "set_tempo":
                    changes[tick] = message.tempo
        self._ticks = sorted(changes)
        self._tempos = [changes[tick] for tick in self._ticks]
        self._per_tick = 1e-6 / ticks_per_beat
        self._starts_s = [0.0]
        for index in range(1, len(self._ticks)):
            passed = self._ticks[index] - self._ticks[index - 1]
            self._starts_s.append(self._starts_s[-1] + passed * self._tempos[index - 1] * self._per_tick)

    def at(self, tick: int) -> float:
        index = bisect_right(self._ticks, tick) - 1
        return self._starts_s[index] + (tick - self._ticks[index]) * self._tempos[index] * self._per_tick


def _read_track(track: Any, decode: Mapping[str, str]) -> _Track:
    tick = 0
    sounding: dict[tuple[int, int], int] = {}
    notes: list[tuple[int, int, int, int]] = []
    lyrics: list[tuple[int, str]] = []
    for message in track:
        tick += message.time
        if message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            if key in sounding:
                notes.append((sounding.pop(key), tick, message.note, message.channel))
            if message.type == "note_on" and message.velocity > 0:
                sounding[key] = tick
        elif message.type in ("lyrics", "text") and not message.text.startswith("@"):
            lyrics.append((tick, ("L" if message.type == "lyrics" else "T") + decode.get(message.text, message.text)))
    kind = "L" if any(text[0] == "L" for _, text in lyrics) else "T"
    selected = tuple((tick, text[1:]) for tick, text in lyrics if text[0] == kind and tick >= 0)
    return _Track(tuple(sorted(notes)), selected if kind == "L" or len(selected) > 4 else ())


def _melody(tracks: Sequence[_Track]) -> _Track:
    """Busiest channel of the melody track: of the first with lyrics and notes, else of the first with notes."""
    with_notes = [track for track in tracks if track.notes]
    if not with_notes:
        raise TextError("The MIDI file has no notes", expected="a melody with lyrics", fix="export the melody")
    selected = next((track for track in with_notes if track.lyrics), with_notes[0])
    channel = Counter(note[3] for note in selected.notes).most_common(1)[0][0]
    return _Track(tuple(note for note in selected.notes if note[3] == channel)[: MAX_NOTES + 1], selected.lyrics)


def _assign(
    notes: Sequence[tuple[int, int, int, int]], lyrics: Sequence[tuple[int, str]], ticks_per_beat: int
) -> list[str]:
    """Lyric of each note: the text of the events near its start, or a hold."""
    starts = [note[0] for note in notes]
    found: dict[int, str] = {}
    for tick, text in lyrics:
        after = bisect_right(starts, tick)
        near = [index for index in (after - 1, after) if 0 <= index < len(starts)]
        index = min(near, key=lambda at: abs(starts[at] - tick))
        if abs(starts[index] - tick) <= _TICKS_APART * ticks_per_beat:
            found[index] = found.get(index, "") + text
    words = _joined_by_hyphens(dict(sorted(found.items())))
    return [words.get(index, HOLD) for index in range(len(notes))]


def _joined_by_hyphens(found: Mapping[int, str]) -> dict[int, str]:
    """Lyrics in the notation of a score. Karaoke files mark the start of a word, others the inside of one."""
    texts = [text for text in found.values() if text.strip()]
    marks_starts = sum(text[0] in " /\\\r\n" or text[-1] in " \r\n" for text in texts) >= max(1, len(texts) // 8)
    result: dict[int, str] = {}
    previous = -1
    for index, text in found.items():
        plain = text.strip(" \r\n/\\")
        if plain in _HOLDS or plain == NEXT_SYLLABLE:
            result[index] = NEXT_SYLLABLE if plain == NEXT_SYLLABLE else HOLD
            continue
        starts_word = text[0] in " /\\\r\n" or (previous >= 0 and found[previous][-1] in " \r\n")
        if marks_starts and previous >= 0 and not starts_word and not result[previous].endswith(HYPHEN):
            result[previous] += HYPHEN
        result[index] = plain
        previous = index
    return result


def _decoder(tracks: Sequence[Any]) -> Mapping[str, str]:
    """Decoded form of each text that mido read as Latin-1: all as UTF-8, else all as CP949; empty if neither fits."""
    texts = {message.text for track in tracks for message in track if message.type in ("lyrics", "text")}
    for charset in ("utf-8", "cp949"):
        try:
            return {text: text.encode("latin1").decode(charset) for text in texts}
        except UnicodeError:
            continue
    return {}
