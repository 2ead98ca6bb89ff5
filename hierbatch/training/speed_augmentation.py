"""Speed augmentation: segments are resampled to play faster or slower, which shifts pitch and formants together.

A change of a few percent sounds like another speaker (compare vocal tract length perturbation, Jaitly and Hinton 2013).
The content does not change, so the semantic vectors are stretched in time and not changed otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import (
    Floats,
    SegmentArrays,
    SegmentBatch,
    UtteranceSegment,
    load_segment,
    stack_segments,
)

_MIN_SPEED, _MAX_SPEED = 0.87, 1.17
_AUGMENTED_SHARE = 0.4


def random_speeds(n_rows: int, rng: np.random.Generator, share: float = _AUGMENTED_SHARE) -> Floats:
    """Draw playback speeds: log-uniform for a share of the rows, 1 for the others. Shape: [n_rows]."""
    log_speeds = rng.uniform(np.log(_MIN_SPEED), np.log(_MAX_SPEED), n_rows)
    return np.exp(np.where(rng.random(n_rows) < share, log_speeds, 0.0)).astype(np.float32)


def load_resampled(prepared: PreparedSet, segments: Sequence[UtteranceSegment], speeds: Floats) -> SegmentBatch:
    """Load segments resampled to the given speeds: lengths are divided by the speed, and F0 is multiplied by the speed.

    Args:
        prepared: the prepared set.
        segments: segments to load, one per row.
        speeds: playback speed of each segment, [B]; 1 leaves it unchanged.
    """
    return stack_segments([_resample(prepared, *row) for row in zip(segments, speeds.tolist(), strict=True)])


def _resample(prepared: PreparedSet, segment: UtteranceSegment, speed: float) -> SegmentArrays:
    audio, semantic, filled_f0_hz, voiced = arrays = load_segment(prepared, segment)
    if speed == 1.0:
        return arrays
    n_frames = max(1, round(segment.n_frames / speed))
    return (
        _resample_audio(audio, n_frames * FRAME_HOP_SAMPLES),
        _interpolate(semantic, n_frames),
        _interpolate(filled_f0_hz[:, None], n_frames * MELS_PER_FRAME)[:, 0] * np.float32(speed),
        np.round(_interpolate(voiced[:, None], n_frames * MELS_PER_FRAME)[:, 0]),
    )


def _resample_audio(samples: Floats, length: int) -> Floats:
    """Resample in the frequency domain, as if the samples were periodic. Shape: [L] -> [length]."""
    spectrum = np.fft.rfft(samples)
    n_common = min(len(samples), length)
    resampled = np.zeros(length // 2 + 1, spectrum.dtype)
    resampled[: n_common // 2 + 1] = spectrum[: n_common // 2 + 1]
    if n_common % 2 == 0 and len(samples) != length:  # the bin at half the lower rate stands for two frequencies
        resampled[n_common // 2] *= 2.0 if length < len(samples) else 0.5
    return np.asarray(np.fft.irfft(resampled, length) * (length / len(samples)), np.float32)


def _interpolate(values: Floats, length: int) -> Floats:
    """Interpolate linearly in time. Shape: [T, C] -> [length, C]."""
    position = np.clip((np.arange(length) + 0.5) * len(values) / length - 0.5, 0, len(values) - 1)
    low = np.minimum(position.astype(np.int64), max(0, len(values) - 2))
    fraction = (position - low).astype(np.float32)[:, None]
    high = np.minimum(low + 1, len(values) - 1)
    return np.asarray(values[low] * (1 - fraction) + values[high] * fraction, dtype=np.float32)
