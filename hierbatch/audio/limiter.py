"""A look-ahead limiter for true peaks: nothing between or on the samples passes the ceiling.

Attenuation is made in three steps, all without a loop over samples:

1. what each sample needs, from the interpolated peaks around it (BS.1770-4 Annex 2);
2. held, then let go by a fixed slope in dB a second: a running maximum of `needed + slope * time`;
3. spread ahead by a running maximum over the look-ahead, and smoothed by a window of the same length. Every value
   under the window covers the sample in its middle, so the smooth curve never falls below what was needed.

Where nothing is needed the gain is exactly one.
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
"""What a grid of eight points a sample can fail to see, and what a moving gain adds between them."""

Attenuation = npt.NDArray[np.float64]


class PeakLimiter:
    """Takes mono blocks of any size, gives them back a little later; in all as many samples as went in."""

    def __init__(self, rate_hz: int, ceiling_dbtp: float) -> None:
        self._ceiling = amplitude_gain(ceiling_dbtp - _MARGIN_DB)
        self._slope_db = _RELEASE_DB_PER_S / rate_hz
        self._n_ahead = max(2, round(_LOOK_AHEAD_S * rate_hz))
        window = signal.windows.hann(self._n_ahead + 2)[1:-1]
        self._window = window / window.sum()
        # Silence before the sound gives the first samples their neighbours.
        self._heard: Samples = np.zeros(CONTEXT_SAMPLES, np.float32)  # not measured yet, with their context
        self._held_db = 0.0
        self._needed: Attenuation = np.zeros(self._n_ahead - 1)  # not smoothed yet, with their context
        self._waiting: Samples = np.zeros(0, np.float32)  # measured, not given back yet

    def push(self, block: Samples) -> Samples:
        """What is ready to leave after `block` came in."""
        joined = np.concatenate([self._heard, block])
        peaks = interpolated_peaks(joined, self._ceiling)
        self._heard = joined[len(peaks) :]
        self._waiting = np.concatenate([self._waiting, joined[CONTEXT_SAMPLES : CONTEXT_SAMPLES + len(peaks)]])
        self._needed = np.concatenate([self._needed, self._released(self._attenuation(peaks))])
        n_ready = len(self._needed) - 2 * (self._n_ahead - 1)
        if n_ready <= 0:
            return np.zeros(0, np.float32)
        gain = self._gain(self._needed)
        ready, self._waiting = self._waiting[:n_ready], self._waiting[n_ready:]
        self._needed = self._needed[n_ready:]
        return ready if gain is None else (ready * gain).astype(np.float32)

    def finish(self) -> Samples:
        """The rest of the sound."""
        n_left = len(self._waiting) + len(self._heard) - CONTEXT_SAMPLES
        return self.push(np.zeros(CONTEXT_SAMPLES + self._n_ahead, np.float32))[: max(0, n_left)]

    def _attenuation(self, peaks: Samples) -> Attenuation:
        """Decibels to take away so that each peak meets the ceiling, never less than none."""
        over = np.maximum(peaks.astype(np.float64) / self._ceiling, 1.0)
        return 20 * np.log10(over)

    def _released(self, needed_db: Attenuation) -> Attenuation:
        if not len(needed_db) or (self._held_db == 0.0 and not needed_db.any()):
            return needed_db
        slope = self._slope_db * np.arange(1, len(needed_db) + 1)
        held = np.maximum.accumulate(np.maximum(needed_db + slope, self._held_db)) - slope
        held = np.maximum(held, 0.0)
        self._held_db = float(held[-1])
        return held

    def _gain(self, needed_db: Attenuation) -> Attenuation | None:
        """Gain of each sample with a full look on both sides; None where it is one throughout."""
        if not needed_db.any():
            return None
        n = self._n_ahead
        # The filter centres its window; from n // 2 on, ahead[i] = max(needed_db[i : i + n]).
        ahead = ndimage.maximum_filter1d(needed_db, n)[n // 2 : n // 2 + len(needed_db) - n + 1]
        return np.power(10.0, -np.convolve(ahead, self._window, mode="valid") / 20)


def limit(blocks: Iterable[Samples], rate_hz: int, ceiling_dbtp: float) -> Iterator[Samples]:
    """The blocks of a mono sound, limited; as many samples as came, none delayed."""
    limiter = PeakLimiter(rate_hz, ceiling_dbtp)
    for block in blocks:
        yield limiter.push(block)
    yield limiter.finish()
