"""Look-ahead true-peak limiter: neither the samples nor the peaks between them exceed the ceiling.

The attenuation curve is computed in three steps, without a loop over samples:

1. required attenuation of each sample, from the interpolated peaks around it (BS.1770-4 Annex 2);
2. hold, then release at a fixed slope in dB per second: a running maximum of `required + slope * time`;
3. a running maximum over the look-ahead, smoothed by a window of the same length. Every value under the window
   covers the sample at its centre, so the smoothed curve never falls below the required attenuation.

The gain is exactly one while no attenuation is required.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.peak import CONTEXT_SAMPLES, interpolated_peaks
from hierbatch.audio.waveform import Samples

_LOOK_AHEAD_S = 0.005
_RELEASE_DB_PER_S = 60.0
_MARGIN_DB = 0.1
"""Covers peaks missed by a grid of eight points per sample, and those added by a changing gain between the points."""

Attenuation = npt.NDArray[np.float64]


class PeakLimiter:
    """Limits a mono sound pushed in blocks of any size. Output is delayed, and has as many samples as the input."""

    def __init__(self, rate_hz: int, ceiling_dbtp: float) -> None:
        self._ceiling = amplitude_gain(ceiling_dbtp - _MARGIN_DB)
        self._slope_db = _RELEASE_DB_PER_S / rate_hz
        self._n_ahead = max(2, round(_LOOK_AHEAD_S * rate_hz))
        window = signal.windows.hann(self._n_ahead + 2)[1:-1]
        self._window = window / window.sum()
        # Silence before the sound is the context of the first samples.
        self._unmeasured: Samples = np.zeros(CONTEXT_SAMPLES, np.float32)  # with their context
        self._held_db = 0.0
        self._required_db: Attenuation = np.zeros(self._n_ahead - 1)  # not smoothed yet, with its context
        self._pending: Samples = np.zeros(0, np.float32)  # measured, not output yet

    def push(self, block: Samples) -> Samples:
        """Add a block of samples and return the samples that are ready."""
        joined = np.concatenate([self._unmeasured, block])
        peaks = interpolated_peaks(joined, self._ceiling)
        self._unmeasured = joined[len(peaks) :]
        self._pending = np.concatenate([self._pending, joined[CONTEXT_SAMPLES : CONTEXT_SAMPLES + len(peaks)]])
        self._required_db = np.concatenate([self._required_db, self._with_release(self._attenuation(peaks))])
        n_ready = len(self._required_db) - 2 * (self._n_ahead - 1)
        if n_ready <= 0:
            return np.zeros(0, np.float32)
        gain = self._gain(self._required_db)
        ready, self._pending = self._pending[:n_ready], self._pending[n_ready:]
        self._required_db = self._required_db[n_ready:]
        return ready if gain is None else (ready * gain).astype(np.float32)

    def finish(self) -> Samples:
        """Return the remaining samples."""
        n_left = len(self._pending) + len(self._unmeasured) - CONTEXT_SAMPLES
        return self.push(np.zeros(CONTEXT_SAMPLES + self._n_ahead, np.float32))[: max(0, n_left)]

    def _attenuation(self, peaks: Samples) -> Attenuation:
        """Attenuation in dB that brings each peak down to the ceiling; 0 for peaks below it."""
        over = np.maximum(peaks.astype(np.float64) / self._ceiling, 1.0)
        return 20 * np.log10(over)

    def _with_release(self, required_db: Attenuation) -> Attenuation:
        if not len(required_db) or (self._held_db == 0.0 and not required_db.any()):
            return required_db
        slope = self._slope_db * np.arange(1, len(required_db) + 1)
        held = np.maximum.accumulate(np.maximum(required_db + slope, self._held_db)) - slope
        held = np.maximum(held, 0.0)
        self._held_db = float(held[-1])
        return held

    def _gain(self, required_db: Attenuation) -> Attenuation | None:
        """Gain of each sample whose look-ahead and look-back are complete; None if it is one throughout."""
        if not required_db.any():
            return None
        n = self._n_ahead
        # The filter centres its window; from n // 2 on, ahead[i] = max(required_db[i : i + n]).
        ahead = ndimage.maximum_filter1d(required_db, n)[n // 2 : n // 2 + len(required_db) - n + 1]
        return np.power(10.0, -np.convolve(ahead, self._window, mode="valid") / 20)


def limit(blocks: Iterable[Samples], rate_hz: int, ceiling_dbtp: float) -> Iterator[Samples]:
    """Limit a mono sound that arrives in blocks.

    Args:
        blocks: blocks of any size, each of shape [L]
        rate_hz: sampling rate
        ceiling_dbtp: highest true peak of the result

    Returns:
        Blocks with as many samples in all as the input, without delay.
    """
    limiter = PeakLimiter(rate_hz, ceiling_dbtp)
    for block in blocks:
        yield limiter.push(block)
    yield limiter.finish()
