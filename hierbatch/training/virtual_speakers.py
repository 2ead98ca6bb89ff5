"""More voices than were recorded: pieces played faster or slower, so that pitch and vocal tract move together.

A few per cent make another person of a voice (vocal tract length perturbation, Jaitly and Hinton 2013, done here by
resampling); what is said stays, so the semantic vectors are only stretched in time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import signal

from hierbatch.audio.pitch import fill_unvoiced
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import Floats, Piece, SoundBatch
from hierbatch.units import FRAME_HOP_SAMPLES, MELS_PER_FRAME

_SLOWEST, _FASTEST = 0.87, 1.17
_SHARE = 0.4


def random_ratios(n_rows: int, rng: np.random.Generator) -> Floats:
    """How much faster each row is played; 1 for most. Shape: [n_rows]."""
    shifted = rng.uniform(np.log(_SLOWEST), np.log(_FASTEST), n_rows)
    return np.exp(np.where(rng.random(n_rows) < _SHARE, shifted, 0.0)).astype(np.float32)


def load_shifted(prepared: PreparedSet, pieces: Sequence[Piece], ratios: Floats) -> SoundBatch:
    """Arrays of the pieces, each played `ratio` times as fast: frames / ratio of them, F0 times ratio."""
    rows = [_shifted(prepared, piece, float(ratio)) for piece, ratio in zip(pieces, ratios, strict=True)]
    lengths = np.array([len(row[1]) for row in rows])
    longest = int(lengths.max())
    audio, semantic, f0_hz, voiced = zip(*rows, strict=True)
    return SoundBatch(
        lengths=lengths,
        audio=_padded(audio, longest * FRAME_HOP_SAMPLES),
        semantic=_padded(semantic, longest),
        f0_hz=_padded(f0_hz, longest * MELS_PER_FRAME, fill=150.0),
        voiced=_padded(voiced, longest * MELS_PER_FRAME),
    )


def _shifted(prepared: PreparedSet, piece: Piece, ratio: float) -> tuple[Floats, Floats, Floats, Floats]:
    where = (piece.utterance, piece.start, piece.n_frames)
    audio, semantic, f0 = prepared.audio(*where), prepared.semantic(*where), prepared.f0_hz(*where)
    filled, voiced = fill_unvoiced(f0).astype(np.float32), (f0 > 0).astype(np.float32)
    if ratio == 1.0:
        return audio, semantic, filled, voiced
    n_frames = max(1, round(piece.n_frames / ratio))
    return (
        signal.resample(audio, n_frames * FRAME_HOP_SAMPLES).astype(np.float32),
        _stretched(semantic, n_frames),
        _stretched(filled[:, None], n_frames * MELS_PER_FRAME)[:, 0] * np.float32(ratio),
        np.round(_stretched(voiced[:, None], n_frames * MELS_PER_FRAME)[:, 0]),
    )


def _stretched(values: Floats, length: int) -> Floats:
    """Linear interpolation in time. Shape: [T, C] -> [length, C]."""
    place = np.clip((np.arange(length) + 0.5) * len(values) / length - 0.5, 0, len(values) - 1)
    low = np.minimum(place.astype(np.int64), max(0, len(values) - 2))
    share = (place - low).astype(np.float32)[:, None]
    high = np.minimum(low + 1, len(values) - 1)
    return np.asarray(values[low] * (1 - share) + values[high] * share, dtype=np.float32)


def _padded(rows: Sequence[npt.NDArray[np.float32]], length: int, fill: float = 0.0) -> Floats:
    out = np.full((len(rows), length, *rows[0].shape[1:]), fill, np.float32)
    for target, row in zip(out, rows, strict=True):
        target[: len(row)] = row
    return out
