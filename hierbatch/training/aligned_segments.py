"""Training segments of the text side: aligned utterances, whole or from one pause to another where they are long.

Legend: N symbols (START first), frames 50/s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.frontend.phonemes import PhonemeIds, encode
from hierbatch.frontend.symbols import SEPARATORS, START, SYMBOL_IDS
from hierbatch.training.prepared import PreparedUtterance, read_alignments
from hierbatch.training.sampling import SpeakerSampler, UtteranceSegment

_EDGE_FRAMES = 5
_PAUSE_FRAMES = 6
_SEPARATOR_IDS = frozenset(SYMBOL_IDS[symbol] for symbol in SEPARATORS)


@dataclass(frozen=True, slots=True)
class AlignedSegment:
    """A segment of an utterance with its phonemes and their durations.

    Shape:
        durations  [N]  frames; they sum to the segment's frames
    """

    segment: UtteranceSegment
    ids: PhonemeIds
    durations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlignedUtterance:
    """An utterance with its phonemes and the frames of START and each token."""

    utterance: PreparedUtterance
    ids: PhonemeIds
    durations: tuple[int, ...]

    def pauses(self) -> list[int]:
        """Indices of separators with enough silence to split at, including START and the last symbol."""
        inner = [
            index
            for index in range(1, len(self.durations) - 1)
            if self.ids.symbols[index] in _SEPARATOR_IDS and self.durations[index] >= _PAUSE_FRAMES
        ]
        return [0, *inner, len(self.durations) - 1]

    def whole(self) -> AlignedSegment:
        """The utterance from its first to its last phone, with short silences at the ends."""
        return self.between(0, len(self.durations) - 1)

    def between(self, first: int, last: int) -> AlignedSegment:
        """The speech between two pauses, with at most 0.1 s of silence kept at either end."""
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
        return AlignedSegment(UtteranceSegment(self.utterance, int(ends[first]) - lead, sum(durations)), ids, durations)

    def draw(self, max_frames: int, rng: np.random.Generator) -> AlignedSegment | None:
        """Speech from a random pause to the last pause that fits into `max_frames`; None if no pause fits."""
        pauses = self.pauses()
        ends = np.cumsum(self.durations)
        start = int(rng.integers(len(pauses) - 1))
        speech_start, max_speech_frames = ends[pauses[start]], max_frames - 2 * _EDGE_FRAMES
        fitting = [last for last in pauses[start + 1 :] if ends[last - 1] - speech_start <= max_speech_frames]
        return self.between(pauses[start], fitting[-1]) if fitting else None


def aligned_utterances(folder: Path, utterances: Iterable[PreparedUtterance]) -> dict[str, AlignedUtterance]:
    """The utterances that have an alignment in a prepared folder, by id.

    Raises:
        InputError: The prepared speech is not aligned.
    """
    found = read_alignments(folder)
    return {
        u.id: AlignedUtterance(u, encode(found[u.id][0], u.language), found[u.id][1])
        for u in utterances
        if u.id in found
    }


class AlignedSampler:
    """Random aligned segments, speakers balanced as in `SpeakerSampler`.

    Args:
        aligned: Aligned utterances by id.
        utterances: Utterances to draw from; those without an alignment are left out.
        korean_share: Share of Korean utterances; None draws them like any others.
    """

    def __init__(
        self,
        aligned: Mapping[str, AlignedUtterance],
        utterances: Sequence[PreparedUtterance],
        *,
        korean_share: float | None,
    ) -> None:
        self._aligned = aligned
        self.speakers = SpeakerSampler([u for u in utterances if u.id in aligned], korean_share=korean_share)

    def draw(self, max_frames: int, rng: np.random.Generator, *, min_frames: int = 0) -> AlignedSegment:
        """A random segment of `min_frames` to `max_frames` frames."""
        while True:
            drawn = self._aligned[self.speakers.draw(rng).id].draw(max_frames, rng)
            if drawn is not None and drawn.segment.n_frames >= min_frames:
                return drawn
