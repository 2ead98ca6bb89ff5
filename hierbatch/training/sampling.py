"""Speaker-balanced sampling of segments from the prepared set, and their arrays as batches.

Legend: B batch, T frames (50/s), L = 320 T samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.pitch import fill_unvoiced
from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME
from hierbatch.errors import InputError
from hierbatch.training.prepared import PreparedSet, PreparedUtterance

Floats = npt.NDArray[np.float32]
Lengths = npt.NDArray[np.int64]

UNKNOWN_SPEAKER = "unknown"
"""Text in the speaker id of clips whose speaker is not known; each such clip has a different speaker id."""
_MIN_PROMPT_FRAMES = 50
_UNVOICED_F0_HZ = 150.0


@dataclass(frozen=True, slots=True)
class UtteranceSegment:
    """Segment of an utterance: start and length in frames."""

    utterance: PreparedUtterance
    start: int
    n_frames: int


class SpeakerSampler:
    """Sampler of random utterances, with each speaker weighted by the square root of their total duration.

    Many speakers are thus drawn, and none dominates. All clips of unknown speakers together count as one speaker, so
    that a corpus without speaker ids does not dominate either.

    Args:
        utterances: utterances to draw from.
        korean_share: share of Korean utterances among those drawn, since the data has few Korean speakers; None for no
            balance of languages.
    """

    def __init__(self, utterances: Sequence[PreparedUtterance], *, korean_share: float | None = 0.3) -> None:
        self._by_speaker: dict[str, list[PreparedUtterance]] = defaultdict(list)
        for utterance in utterances:
            self._by_speaker[utterance.speaker].append(utterance)
        speaker_frames: dict[str, int] = defaultdict(int)
        for utterance in utterances:
            speaker_frames[_speaker_group(utterance)] += utterance.n_frames
        weights = np.array([u.n_frames / np.sqrt(speaker_frames[_speaker_group(u)]) for u in utterances])
        korean = np.array([utterance.language == "ko" for utterance in utterances])
        if korean_share is not None and korean.any() and not korean.all():
            weights[korean] *= korean_share / weights[korean].sum()
            weights[~korean] *= (1.0 - korean_share) / weights[~korean].sum()
        self._cumulative = np.cumsum(weights / weights.sum())
        self._utterances = list(utterances)

    def draw(self, rng: np.random.Generator) -> PreparedUtterance:
        """Draw a random utterance.

        Raises:
            InputError: there are no utterances to draw from.
        """
        if not self._utterances:
            raise InputError(
                "The prepared set has no utterance of this kind", expected="longer or more recordings",
                fix="prepare at least two recordings of a few seconds; texts are needed by the phases that read them",
            )  # fmt: skip
        index = int(np.searchsorted(self._cumulative, rng.random() * self._cumulative[-1]))
        return self._utterances[min(index, len(self._utterances) - 1)]

    def prompt_for(self, segment: UtteranceSegment, n_frames: int, rng: np.random.Generator) -> UtteranceSegment:
        """Draw a prompt of the same speaker that, if possible, does not overlap the segment.

        The prompt is from another utterance if there is one, else from the longer part of the same utterance before or
        after the segment.

        Args:
            segment: the segment that needs a prompt.
            n_frames: maximum length of the prompt, in frames.
            rng: random generator.
        """
        others = [u for u in self._by_speaker[segment.utterance.speaker] if u.id != segment.utterance.id]
        if others:
            return random_segment(others[int(rng.integers(len(others)))], n_frames, rng)
        utterance, end = segment.utterance, segment.start + segment.n_frames
        before, after = segment.start, utterance.n_frames - end
        if max(before, after) < _MIN_PROMPT_FRAMES:
            return random_segment(utterance, n_frames, rng)
        start, room = (0, before) if before >= after else (end, after)
        length = min(n_frames, room)
        return UtteranceSegment(utterance, start + int(rng.integers(room - length + 1)), length)


def _speaker_group(utterance: PreparedUtterance) -> str:
    """Speaker id of an utterance; the same id for all unknown speakers."""
    return UNKNOWN_SPEAKER if UNKNOWN_SPEAKER in utterance.speaker else utterance.speaker


def random_segment(utterance: PreparedUtterance, n_frames: int, rng: np.random.Generator) -> UtteranceSegment:
    """Draw a segment of at most `n_frames` frames at a random position in an utterance."""
    length = min(n_frames, utterance.n_frames)
    return UtteranceSegment(utterance, int(rng.integers(utterance.n_frames - length + 1)), length)


@dataclass(frozen=True, slots=True)
class SegmentBatch:
    """Segments as arrays, padded to the longest segment.

    Shape:
        lengths   [B]          in frames
        audio     [B, L]
        semantic  [B, T, C]    C semantic channels
        f0_hz     [B, 2T]      interpolated through unvoiced frames
        voiced    [B, 2T]
    """

    lengths: Lengths
    audio: Floats
    semantic: Floats
    f0_hz: Floats
    voiced: Floats


SegmentArrays = tuple[Floats, Floats, Floats, Floats]
"""Audio, semantic vectors, interpolated F0 and voicing of one segment."""


def load_batch(prepared: PreparedSet, segments: Sequence[UtteranceSegment]) -> SegmentBatch:
    """Load the arrays of segments. F0 is interpolated within a segment; unvoiced ends have the nearest voiced value."""
    return stack_segments([load_segment(prepared, segment) for segment in segments])


def load_segment(prepared: PreparedSet, segment: UtteranceSegment) -> SegmentArrays:
    """Load the samples, semantic vectors, interpolated F0 and voicing of one segment."""
    position = (segment.utterance, segment.start, segment.n_frames)
    f0_hz = prepared.f0_hz(*position)
    filled_f0_hz, voiced = fill_unvoiced(f0_hz).astype(np.float32), (f0_hz > 0).astype(np.float32)
    return prepared.audio(*position), prepared.semantic(*position), filled_f0_hz, voiced


def stack_segments(rows: Sequence[SegmentArrays]) -> SegmentBatch:
    """Pad the arrays of segments of any lengths, and stack them into one batch."""
    audio, semantic, f0_hz, voiced = zip(*rows, strict=True)
    lengths = np.array([len(row) for row in semantic])
    longest = int(lengths.max())
    return SegmentBatch(
        lengths=lengths,
        audio=_pad(audio, longest * FRAME_HOP_SAMPLES),
        semantic=_pad(semantic, longest),
        f0_hz=_pad(f0_hz, longest * MELS_PER_FRAME, fill=_UNVOICED_F0_HZ),
        voiced=_pad(voiced, longest * MELS_PER_FRAME),
    )


def _pad(rows: Sequence[Floats], length: int, fill: float = 0.0) -> Floats:
    """Stack B rows, each padded at the end to `length`. Shape: each [T, ...] -> [B, length, ...]."""
    out = np.full((len(rows), length, *rows[0].shape[1:]), fill, np.float32)
    for target, row in zip(out, rows, strict=True):
        target[: len(row)] = row
    return out
