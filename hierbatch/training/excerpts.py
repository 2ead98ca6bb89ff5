"""What the text side learns from: aligned utterances whole, or, where they are long, from one pause to another.

Legend: N symbols (START first), frames 50/s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hierbatch.frontend.phonemes import PhonemeIds
from hierbatch.frontend.symbols import SEPARATORS, START, SYMBOL_IDS
from hierbatch.training.prepared import Utterance
from hierbatch.training.sampling import Piece

_EDGE_FRAMES = 5
_PAUSE_FRAMES = 6
_SEPARATOR_IDS = frozenset(SYMBOL_IDS[symbol] for symbol in SEPARATORS)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of an utterance with its phonemes and how long each lasts.

    Shape:
        durations  [N]  frames; they sum to the piece's
    """

    piece: Piece
    ids: PhonemeIds
    durations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlignedUtterance:
    """An utterance, its phonemes and the frames of START and each token."""

    utterance: Utterance
    ids: PhonemeIds
    durations: tuple[int, ...]

    def pauses(self) -> list[int]:
        """Indices of separators that are silent long enough to be cut at, START and the last symbol among them."""
        inner = [
            index
            for index in range(1, len(self.durations) - 1)
            if self.ids.symbols[index] in _SEPARATOR_IDS and self.durations[index] >= _PAUSE_FRAMES
        ]
        return [0, *inner, len(self.durations) - 1]

    def whole(self) -> Excerpt:
        return self.between(0, len(self.durations) - 1)

    def between(self, first: int, last: int) -> Excerpt:
        """What is said between two pauses, with at most a tenth of a second of silence kept at either end."""
        ends = np.cumsum(self.durations)
        lead = min(self.durations[first], _EDGE_FRAMES)
        tail = min(self.durations[last], _EDGE_FRAMES)
        inside = slice(first + 1, last)
        durations = (lead, *self.durations[inside], tail)
        ids = PhonemeIds(
            symbols=(SYMBOL_IDS[START], *self.ids.symbols[first + 1 : last + 1]),
            stress=(0, *self.ids.stress[first + 1 : last + 1]),
            language=self.ids.language,
        )
        return Excerpt(Piece(self.utterance, int(ends[first]) - lead, sum(durations)), ids, durations)

    def draw(self, longest_frames: int, rng: np.random.Generator) -> Excerpt | None:
        """A stretch between two pauses of at most so many frames, as long as the start allows; None where none is."""
        pauses = self.pauses()
        ends = np.cumsum(self.durations)
        start = int(rng.integers(len(pauses) - 1))
        spoken_from, most = ends[pauses[start]], longest_frames - 2 * _EDGE_FRAMES
        fitting = [last for last in pauses[start + 1 :] if ends[last - 1] - spoken_from <= most]
        return self.between(pauses[start], fitting[-1]) if fitting else None
