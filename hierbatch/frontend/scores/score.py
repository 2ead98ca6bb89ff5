"""Score of one voice: notes in seconds with their lyrics, checked before anything is sung."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hierbatch.errors import TextError

HOLD = "-"
"""Lyric of a note that continues the vowel of the note before it."""
NEXT_SYLLABLE = "+"
"""Lyric of a note that carries the next syllable of the word before it."""
HYPHEN = "-"
"""End of a lyric whose word continues on the next note."""

LOWEST_PITCH, HIGHEST_PITCH = 24.0, 108.0
MAX_NOTES = 20_000
MAX_NOTE_S = 30.0
MAX_SCORE_S = 3600.0
_MAX_LYRIC_CHARACTERS = 100
_OVERLAP_S = 0.03
"""Overlap in seconds that may be cut even from a short note: legato in recorded MIDI."""
_FIX = "correct the score, or export it again as a melody of one voice"


@dataclass(frozen=True, slots=True)
class Note:
    """One note and the syllable sung on it."""

    onset_s: float
    duration_s: float
    pitch: float
    """MIDI number: 69 is A4, 440 Hz; fractions are allowed."""
    lyric: str = HOLD
    """A syllable or word, with a final hyphen if the word continues on the next note; or `HOLD` or `NEXT_SYLLABLE`."""

    @property
    def end_s(self) -> float:
        """Time of the end of the note in seconds."""
        return self.onset_s + self.duration_s

    @property
    def is_held(self) -> bool:
        """True if the note continues the vowel before it."""
        return self.lyric == HOLD


@dataclass(frozen=True, slots=True)
class MusicScore:
    """Melody with lyrics; create it with `from_notes`, which checks it. Time between notes is a rest."""

    notes: tuple[Note, ...]

    @classmethod
    def from_notes(cls, notes: Iterable[Note]) -> MusicScore:
        """Check notes, sort them, and cut small overlaps.

        Raises:
            TextError: there are no notes or several voices, or a value is out of range.
        """
        ordered = sorted(notes, key=lambda note: (note.onset_s, note.pitch))
        if not ordered:
            raise TextError("The score has no notes", expected="a melody with lyrics", fix=_FIX)
        _check_size(ordered)
        for number, note in enumerate(ordered, start=1):
            _check_note(note, number)
        return cls(tuple(_without_overlaps(ordered)))

    @property
    def duration_s(self) -> float:
        """Time from zero to the end of the last note, in seconds."""
        return self.notes[-1].end_s

    @property
    def median_pitch(self) -> float:
        """Median of the pitches, weighted by duration."""
        ordered = sorted((note.pitch, note.duration_s) for note in self.notes)
        half, passed = sum(duration for _, duration in ordered) / 2, 0.0
        for pitch, duration in ordered:
            passed += duration
            if passed >= half:
                return pitch
        return ordered[-1][0]

    def with_lyrics(self, lyrics: str) -> MusicScore:
        """Replace the lyrics with a text: syllables separated by white space, or by hyphens inside a word.

        `-` or `_` alone holds the vowel for one more note; notes after the end of the text hold the last vowel.

        Raises:
            TextError: the text has no syllables or more than the score has notes, or a syllable is too long.
        """
        syllables = split_lyrics(lyrics)
        if all(syllable == HOLD for syllable in syllables):
            raise TextError(
                "The lyrics have no syllables",
                got=repr(lyrics[:40]),
                fix="write a text, or sing the lyrics of the score",
            )
        if len(syllables) > len(self.notes):
            raise TextError(
                "The lyrics have more syllables than the score has notes",
                expected=f"at most {len(self.notes)}",
                got=str(len(syllables)),
                fix="write the syllables of a word with hyphens, as in twin-kle, and a hold as _",
            )
        padded = [*syllables, *[HOLD] * (len(self.notes) - len(syllables))]
        return MusicScore.from_notes(replace(note, lyric=lyric) for note, lyric in zip(self.notes, padded, strict=True))


def split_lyrics(lyrics: str) -> list[str]:
    """Split a text into the lyrics of notes.

    >>> split_lyrics("Twin-kle _ star")
    ['Twin-', 'kle', '-', 'star']
    """
    found: list[str] = []
    for word in lyrics.split():
        if word in ("_", HOLD):
            found.append(HOLD)
            continue
        parts = [part for part in word.split(HYPHEN) if part]
        found += [part + HYPHEN for part in parts[:-1]] + parts[-1:]
    return found


def _check_size(notes: Sequence[Note]) -> None:
    if len(notes) > MAX_NOTES:
        raise TextError(
            "The score is too long for one row", expected=f"at most {MAX_NOTES:,} notes", got=f"{len(notes):,}",
            fix="split it into songs",
        )  # fmt: skip
    end_s = max(note.end_s for note in notes)
    if not end_s <= MAX_SCORE_S:  # also for values that are not numbers
        raise TextError(
            "The score is too long for one row", expected=f"at most {MAX_SCORE_S / 60:.0f} min",
            got=f"{end_s / 60:.4g} min", fix="split it into songs, or correct the tempo",
        )  # fmt: skip


def _check_note(note: Note, number: int) -> None:
    problem = ("", "", "")
    if not (math.isfinite(note.onset_s) and note.onset_s >= 0):
        problem = ("starts before the beginning", "0 s or later", f"{note.onset_s:g} s")
    elif not 0 < note.duration_s <= MAX_NOTE_S:
        problem = ("has an unusable duration", f"above 0, at most {MAX_NOTE_S:.0f} s", f"{note.duration_s:g} s")
    elif not LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH:
        problem = ("is too low or too high", f"MIDI {LOWEST_PITCH:.0f} to {HIGHEST_PITCH:.0f}", f"{note.pitch:g}")
    elif not note.lyric or len(note.lyric) > _MAX_LYRIC_CHARACTERS:
        problem = ("has an unusable lyric", f"1 to {_MAX_LYRIC_CHARACTERS} characters", repr(note.lyric[:40]))
    if problem[0]:
        raise TextError(f"Note {number} of the score {problem[0]}", expected=problem[1], got=problem[2], fix=_FIX)


def _without_overlaps(notes: Sequence[Note]) -> list[Note]:
    separated = list(notes)
    for index in range(len(notes) - 1):
        note, later = separated[index], separated[index + 1]
        overlap_s = note.end_s - later.onset_s
        if overlap_s <= 0:
            continue
        kept_s = note.duration_s - overlap_s
        if overlap_s > max(_OVERLAP_S, 0.5 * note.duration_s) or kept_s <= 0:
            raise TextError(
                f"Notes {index + 1} and {index + 2} of the score sound at once",
                expected="a melody of one voice",
                got=f"{overlap_s:.2f} s of overlap at {later.onset_s:.2f} s",
                fix="export one voice without chords",
            )
        separated[index] = replace(note, duration_s=kept_s)
    return separated
