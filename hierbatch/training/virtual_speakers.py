"""More voices than were recorded: pieces played faster or slower, so that pitch and vocal tract move together.

A few per cent make another person of a voice (vocal tract length perturbation, Jaitly and Hinton 2013, done here by
resampling); what is said stays, so the semantic vectors are only stretched in time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import signal

from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import Floats, Piece, Row, SoundBatch, load_row, stack_rows
from hierbatch.units import FRAME_HOP_SAMPLES, MELS_PER_FRAME

_SLOWEST, _FASTEST = 0.87, 1.17
_SHARE = 0.4


def random_ratios(n_rows: int, rng: np.random.Generator, share: float = _SHARE) -> Floats:
    """How much faster each row is played; 1 but for a share of them. Shape: [n_rows]."""
    shifted = rng.uniform(np.log(_SLOWEST), np.log(_FASTEST), n_rows)
    return np.exp(np.where(rng.random(n_rows) < share, shifted, 0.0)).astype(np.float32)


def load_shifted(prepared: PreparedSet, pieces: Sequence[Piece], ratios: Floats) -> SoundBatch:
    """Arrays of the pieces, each played `ratio` times as fast: frames / ratio of them, F0 times ratio."""
    return stack_rows([_shifted(prepared, piece, float(ratio)) for piece, ratio in zip(pieces, ratios, strict=True)])


def _shifted(prepared: PreparedSet, piece: Piece, ratio: float) -> Row:
    audio, semantic, filled, voiced = row = load_row(prepared, piece)
    if ratio == 1.0:
        return row
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
