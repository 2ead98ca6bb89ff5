"""Duration of speech and of the pauses in it, by energy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hierbatch.audio.waveform import Waveform

_FRAME_S = 0.02
_THRESHOLD_DB = -30.0
"""Level relative to the loud frames of the clip, at or below which a frame is silent."""
_LOUD_PERCENTILE = 95
_MIN_PAUSE_S = 0.15
"""Shortest pause; shorter silences are closures of stops."""


@dataclass(frozen=True, slots=True)
class SpeechTiming:
    """Seconds from the first to the last sound, and seconds of pauses in between."""

    speech_s: float
    pause_s: float


def measure_timing(waveform: Waveform) -> SpeechTiming:
    """Timing of one clip; silence before and after the speech does not count. Both values are 0 for silence."""
    size = round(_FRAME_S * waveform.rate_hz)
    n_frames = waveform.n_samples // size
    power = (waveform.samples[: n_frames * size].reshape(n_frames, size).astype(np.float64) ** 2).mean(1)
    if not power.any():
        return SpeechTiming(0.0, 0.0)
    loud = np.flatnonzero(power > np.percentile(power, _LOUD_PERCENTILE) * 10 ** (_THRESHOLD_DB / 10))
    gaps = np.diff(loud) - 1
    long_gaps = gaps[gaps * _FRAME_S >= _MIN_PAUSE_S - 1e-9]
    return SpeechTiming(float(loud[-1] + 1 - loud[0]) * _FRAME_S, float(long_gaps.sum()) * _FRAME_S)
