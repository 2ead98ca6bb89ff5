"""Phrases of a song: the input of a singing model, on a grid of 20 ms frames.

Legend: N tokens of the phoneme string, T frames (50/s).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SungNote:
    """One note of a phrase, in frames from the start of the phrase."""

    onset_frame: int
    end_frame: int
    pitch: float
    """MIDI number."""


@dataclass(frozen=True, slots=True)
class SungSyllable:
    """One syllable of a phrase: its phones and its time, in frames from the start of the phrase."""

    n_onset: int
    """Consonants before the vowel."""
    n_coda: int
    """Consonants after the vowel."""
    onset_frame: int
    """Frame on which the vowel starts."""
    end_frame: int


@dataclass(frozen=True, slots=True)
class SungPhrase:
    """Words between two breaths, with their notes."""

    text: str
    """Words of the phrase, as many as in `phonemes`."""
    phonemes: str
    language: str
    start_frame: int
    """First frame in the song."""
    n_frames: int
    syllables: tuple[SungSyllable, ...]
    notes: tuple[SungNote, ...]


@dataclass(frozen=True, slots=True)
class Song:
    """All phrases of a score; time between them is silence."""

    phrases: tuple[SungPhrase, ...]
    n_frames: int

    @property
    def text(self) -> str:
        """Text of all phrases."""
        return " ".join(phrase.text for phrase in self.phrases)

    @property
    def phonemes(self) -> str:
        """Phonemes of all phrases."""
        return " ".join(phrase.phonemes for phrase in self.phrases)

    @property
    def language(self) -> str:
        """Language code of the song."""
        return self.phrases[0].language

    @property
    def median_pitch(self) -> float:
        """Median of the pitches, weighted by duration."""
        notes = sorted(
            (note.pitch, note.end_frame - note.onset_frame) for phrase in self.phrases for note in phrase.notes
        )
        half, passed = sum(n_frames for _, n_frames in notes) / 2, 0
        for pitch, n_frames in notes:
            passed += n_frames
            if passed >= half:
                return pitch
        return notes[-1][0]

    def to_json(self) -> str:
        """Canonical JSON: equal songs have equal texts."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Song:
        """Read the result of `to_json`."""
        content = json.loads(text)
        return cls(tuple(_phrase(phrase) for phrase in content["phrases"]), content["n_frames"])


def _phrase(content: dict[str, Any]) -> SungPhrase:
    syllables = tuple(SungSyllable(**syllable) for syllable in content.pop("syllables"))
    notes = tuple(SungNote(**note) for note in content.pop("notes"))
    return SungPhrase(syllables=syllables, notes=notes, **content)


def split_at_breaths(
    starts: Sequence[int], ends: Sequence[int], may_split: Iterable[int], *, rest_frames: int, longest_frames: int
) -> list[range]:
    """Divide notes into phrases (ranges of note indices): at rests, and inside a long passage at a word.

    Args:
        starts: first frame of each note.
        ends: frame after the last one of each note.
        may_split: indices of the notes at which a phrase may begin, since a word begins there.
        rest_frames: shortest rest that ends a phrase.
        longest_frames: length above which a phrase also ends without a rest.
    """
    phrases: list[range] = []
    first = 0
    allowed = set(may_split)
    for index in range(1, len(starts)):
        is_rest = starts[index] - ends[index - 1] >= rest_frames
        if index in allowed and (is_rest or ends[index - 1] - starts[first] > longest_frames):
            phrases.append(range(first, index))
            first = index
    phrases.append(range(first, len(starts)))
    return phrases
