"""True peak: the highest point of the sound between its samples (ITU-R BS.1770-4, Annex 2).

Annex 2 asks for at least four times oversampling and gives an interpolator of 12 taps a phase. This one takes eight
phases of 24 taps: between the points of a fourfold grid a loud 18 kHz tone at 44.1 kHz can hide 0.4 dB, here 0.1.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import signal

from hierbatch.audio.decibels import power_db
from hierbatch.audio.waveform import Samples

OVERSAMPLING = 8

CONTEXT_SAMPLES = 12
"""Neighbours on each side that one interpolated point depends on."""

_STRETCH_SAMPLES = 1024


class TruePeakMeter:
    """Measures blocks of any size pushed one after another; shape [L] or [L, C], the loudest channel counts."""

    def __init__(self, n_channels: int = 1) -> None:
        self._context = np.zeros((2 * CONTEXT_SAMPLES, n_channels), np.float32)
        self._peak = 0.0

    def push(self, block: Samples) -> None:
        joined = np.concatenate([self._context, block.reshape(-1, self._context.shape[1])])
        self._take(joined)
        self._context = joined[len(joined) - 2 * CONTEXT_SAMPLES :]

    def peak_db(self) -> float:
        """Highest true peak so far in dBTP; -inf for silence."""
        # What follows the last sample is silence: only with it is the last stretch whole.
        self._take(np.concatenate([self._context, np.zeros_like(self._context)]))
        return power_db(self._peak**2)

    def _take(self, joined: Samples) -> None:
        for channel in joined.T:
            self._peak = max(self._peak, float(interpolated_peaks(channel, self._peak).max(initial=0.0)))


def measure_true_peak(samples: Samples) -> float:
    """True peak in dBTP of a whole sound, [L] or [L, C]; -inf for silence."""
    meter = TruePeakMeter(1 if samples.ndim == 1 else samples.shape[1])
    meter.push(samples)
    return meter.peak_db()


def interpolated_peaks(samples: Samples, matters_from: float = 0.0) -> Samples:
    """Highest magnitude around each sample, from it to just before the next, interpolated points included.

    Samples without `CONTEXT_SAMPLES` neighbours on both sides are left out. Stretches in which nothing between the
    samples can reach `matters_from` are not interpolated; there the samples' own magnitudes stand.

    Shape:
        samples  [L]
        returns  [max(0, L - 2 * CONTEXT_SAMPLES)]
    """
    n_whole = max(0, len(samples) - 2 * CONTEXT_SAMPLES)
    magnitudes = np.abs(samples)
    peaks = magnitudes[CONTEXT_SAMPLES : CONTEXT_SAMPLES + n_whole].copy()
    phases = _phases()
    largest_gain = np.abs(phases).sum(axis=0).max()
    for start in range(0, n_whole, _STRETCH_SAMPLES):
        end = min(start + _STRETCH_SAMPLES, n_whole)
        if magnitudes[start : end + 2 * CONTEXT_SAMPLES].max() * largest_gain < matters_from:
            continue
        # The points right of sample n depend on n - CONTEXT_SAMPLES + 1 .. n + CONTEXT_SAMPLES.
        seen = samples[start + 1 : end + 2 * CONTEXT_SAMPLES]
        neighbours = np.lib.stride_tricks.sliding_window_view(seen, 2 * CONTEXT_SAMPLES)
        points = np.abs(np.ascontiguousarray(neighbours) @ phases).max(axis=1)
        np.maximum(peaks[start:end], points, out=peaks[start:end])
    return peaks


@lru_cache(maxsize=1)
def _phases() -> Samples:
    """Weights of a point's neighbours, one column a point between two samples; each passes a constant unchanged.

    Shape:
        returns  [2 * CONTEXT_SAMPLES, OVERSAMPLING - 1]
    """
    window = signal.windows.kaiser(2 * CONTEXT_SAMPLES * OVERSAMPLING + 1, beta=7.0)
    columns = []
    for point in range(1, OVERSAMPLING):
        distance = np.arange(CONTEXT_SAMPLES - 1, -CONTEXT_SAMPLES - 1, -1) + point / OVERSAMPLING
        weights = np.sinc(distance) * window[np.rint((distance + CONTEXT_SAMPLES) * OVERSAMPLING).astype(int)]
        columns.append(weights / weights.sum())
    return np.stack(columns, axis=1).astype(np.float32)
