"""Segments of aligned utterances for training on text: whole utterances, or parts of them between two pauses.

Legend: N symbols (START first). There are 50 frames/s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import InputError
from hierbatch.frontend.phonemes import PhonemeIds, encode
from hierbatch.frontend.symbols import SEPARATORS, START, SYMBOL_IDS
from hierbatch.training.prepared import PreparedUtterance, read_alignments
from hierbatch.training.sampling import SpeakerSampler, UtteranceSegment

_MAX_DRAWS = 1000
"""Number of unusable draws after which the sampler checks that there is a usable segment at all."""
_EDGE_FRAMES = 5
_PAUSE_FRAMES = 6
_SEPARATOR_IDS = frozenset(SYMBOL_IDS[symbol] for symbol in SEPARATORS)


@dataclass(frozen=True, slots=True)
class AlignedSegment:
    """Segment of an utterance with its phonemes and their durations.

    Shape:
        durations  [N]  in frames; their sum is the length of the segment
    """

    segment: UtteranceSegment
    ids: PhonemeIds
    durations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlignedUtterance:
    """Utterance with its phonemes, and the durations in frames of START and of each token."""

    utterance: PreparedUtterance
    ids: PhonemeIds
    durations: tuple[int, ...]

    def pauses(self) -> list[int]:
        """Indices of START, of separators with enough silence to split at, and of the last symbol."""
        inner = [
            index
            for index in range(1, len(self.durations) - 1)
            if self.ids.symbols[index] in _SEPARATOR_IDS and self.durations[index] >= _PAUSE_FRAMES
        ]
        return [0, *inner, len(self.durations) - 1]

    def whole(self) -> AlignedSegment:
        """Return the utterance from its first to its last phone, with at most 0.1 s of silence kept at either end."""
        return self.between(0, len(self.durations) - 1)

    def between(self, first: int, last: int) -> AlignedSegment:
        """Return the speech between two pauses, given by symbol index, with at most 0.1 s of silence at either end."""
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
        """Draw at most `max_frames` frames between two pauses; None if no pause is close enough to the random start."""
        return self._longest_from(int(rng.integers(len(self.pauses()) - 1)), max_frames)

    def has_segment(self, min_frames: int, max_frames: int) -> bool:
        """True if `draw` can return a segment of at least `min_frames` frames."""
        segments = (self._longest_from(start, max_frames) for start in range(len(self.pauses()) - 1))
        return any(found is not None and found.segment.n_frames >= min_frames for found in segments)

    def _longest_from(self, start: int, max_frames: int) -> AlignedSegment | None:
        """Return the longest segment of at most `max_frames` frames from a pause, given by its index in `pauses`."""
        pauses, ends = self.pauses(), np.cumsum(self.durations)
        speech_start, max_speech_frames = ends[pauses[start]], max_frames - 2 * _EDGE_FRAMES
        fitting = [last for last in pauses[start + 1 :] if ends[last - 1] - speech_start <= max_speech_frames]
        return self.between(pauses[start], fitting[-1]) if fitting else None


def aligned_utterances(folder: Path, utterances: Iterable[PreparedUtterance]) -> dict[str, AlignedUtterance]:
    """Read the alignments of utterances in a prepared folder; return the utterances that are aligned, by id.

    Raises:
        InputError: the prepared speech is not aligned.
    """
    found = read_alignments(folder)
    return {
        u.id: AlignedUtterance(u, encode(found[u.id][0], u.language), found[u.id][1])
        for u in utterances
        if u.id in found
    }


class AlignedSampler:
    """Sampler of random aligned segments, with speakers balanced as in `SpeakerSampler`.

    Args:
        aligned: aligned utterances by id.
        utterances: utterances to draw from; those without an alignment are left out.
        korean_share: share of Korean utterances among those drawn; None for no balance of languages.
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
        """Draw a random segment of `min_frames` to `max_frames` frames.

        Raises:
            InputError: no utterance has such a segment.
        """
        n_draws = 0
        while True:
            drawn = self._aligned[self.speakers.draw(rng).id].draw(max_frames, rng)
            if drawn is not None and drawn.segment.n_frames >= min_frames:
                return drawn
            n_draws += 1
            if n_draws == _MAX_DRAWS:
                self._check_segments(min_frames, max_frames)

    def _check_segments(self, min_frames: int, max_frames: int) -> None:
        if not any(utterance.has_segment(min_frames, max_frames) for utterance in self._aligned.values()):
            raise InputError(
                "No aligned utterance has a segment between two pauses that can be trained on",
                expected=f"{min_frames / FRAMES_PER_SECOND:.2f} to {max_frames / FRAMES_PER_SECOND:.2f} s of speech",
                fix="prepare recordings that are longer, or that have pauses",
            )
