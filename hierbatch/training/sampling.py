"""Which pieces of the prepared set a training batch is made of.

Legend: B batch, T frames (50/s), L = 320 T samples.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.pitch import fill_unvoiced
from hierbatch.training.prepared import PreparedSet, Utterance
from hierbatch.units import FRAME_HOP_SAMPLES, MELS_PER_FRAME

Floats = npt.NDArray[np.float32]
Lengths = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one utterance, in frames."""

    utterance: Utterance
    start: int
    n_frames: int


class SpeakerSampler:
    """Utterances with each speaker's weight the square root of his speech: many voices, none drowned by one.

    Speakers whom nobody told apart weigh together as one, so that a corpus of nameless clips does not drown the rest.
    Korean utterances are drawn with a share of their own, since few voices speak it.
    """

    def __init__(self, utterances: Sequence[Utterance], *, korean_share: float | None = 0.3) -> None:
        self._by_speaker: dict[str, list[Utterance]] = defaultdict(list)
        for utterance in utterances:
            self._by_speaker[utterance.speaker].append(utterance)
        frames_of: dict[str, int] = defaultdict(int)
        for utterance in utterances:
            frames_of[_who(utterance)] += utterance.n_frames
        weights = np.array([u.n_frames / np.sqrt(frames_of[_who(u)]) for u in utterances])
        korean = np.array([utterance.language == "ko" for utterance in utterances])
        if korean_share is not None and korean.any() and not korean.all():
            weights[korean] *= korean_share / weights[korean].sum()
            weights[~korean] *= (1.0 - korean_share) / weights[~korean].sum()
        self._cumulative = np.cumsum(weights / weights.sum())
        self._utterances = list(utterances)

    def draw(self, rng: np.random.Generator) -> Utterance:
        index = int(np.searchsorted(self._cumulative, rng.random() * self._cumulative[-1]))
        return self._utterances[min(index, len(self._utterances) - 1)]

    def prompt_for(self, piece: Piece, n_frames: int, rng: np.random.Generator) -> Piece:
        """A stretch of the same speaker's speech: of another utterance where there is one, else away from `piece`."""
        others = [u for u in self._by_speaker[piece.utterance.speaker] if u.id != piece.utterance.id]
        if others:
            return random_piece(others[int(rng.integers(len(others)))], n_frames, rng)
        utterance, end = piece.utterance, piece.start + piece.n_frames
        before, after = piece.start, utterance.n_frames - end
        if max(before, after) < FRAMES_OF_SHORTEST_PROMPT:
            return random_piece(utterance, n_frames, rng)
        start, room = (0, before) if before >= after else (end, after)
        length = min(n_frames, room)
        return Piece(utterance, start + int(rng.integers(room - length + 1)), length)


NOT_TOLD_APART = "unknown"
"""In the names of speakers who are one a clip only because nobody knows who they are."""


def _who(utterance: Utterance) -> str:
    return NOT_TOLD_APART if NOT_TOLD_APART in utterance.speaker else utterance.speaker


FRAMES_OF_SHORTEST_PROMPT = 50


def random_piece(utterance: Utterance, n_frames: int, rng: np.random.Generator) -> Piece:
    """A stretch of at most `n_frames` anywhere in the utterance."""
    length = min(n_frames, utterance.n_frames)
    return Piece(utterance, int(rng.integers(utterance.n_frames - length + 1)), length)


@dataclass(frozen=True, slots=True)
class SoundBatch:
    """Pieces as arrays, zero-padded to the longest.

    Shape:
        lengths   [B]          frames
        audio     [B, L]
        semantic  [B, T, 64]
        f0_hz     [B, 2T]      filled through unvoiced stretches
        voiced    [B, 2T]
    """

    lengths: Lengths
    audio: Floats
    semantic: Floats
    f0_hz: Floats
    voiced: Floats


Row = tuple[Floats, Floats, Floats, Floats]
"""Audio, semantic vectors, filled F0 and voicing of one piece."""


def load_batch(prepared: PreparedSet, pieces: Sequence[Piece]) -> SoundBatch:
    """Arrays of the pieces. F0 is filled over the piece, so its edges hold the nearest voiced value."""
    return stack_rows([load_row(prepared, piece) for piece in pieces])


def load_row(prepared: PreparedSet, piece: Piece) -> Row:
    where = (piece.utterance, piece.start, piece.n_frames)
    f0 = prepared.f0_hz(*where)
    filled, voiced = fill_unvoiced(f0).astype(np.float32), (f0 > 0).astype(np.float32)
    return prepared.audio(*where), prepared.semantic(*where), filled, voiced


def stack_rows(rows: Sequence[Row]) -> SoundBatch:
    """Rows of any lengths as one batch."""
    audio, semantic, f0_hz, voiced = zip(*rows, strict=True)
    lengths = np.array([len(row) for row in semantic])
    longest = int(lengths.max())
    return SoundBatch(
        lengths=lengths,
        audio=_padded(audio, longest * FRAME_HOP_SAMPLES),
        semantic=_padded(semantic, longest),
        f0_hz=_padded(f0_hz, longest * MELS_PER_FRAME, fill=150.0),
        voiced=_padded(voiced, longest * MELS_PER_FRAME),
    )


def _padded(rows: Sequence[Floats], length: int, fill: float = 0.0) -> Floats:
    out = np.full((len(rows), length, *rows[0].shape[1:]), fill, np.float32)
    for target, row in zip(out, rows, strict=True):
        target[: len(row)] = row
    return out
