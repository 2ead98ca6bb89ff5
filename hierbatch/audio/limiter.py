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
from scipy import signal

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.peak import CONTEXT_SAMPLES, interpolated_peaks
from hierbatch.audio.waveform import Samples

_LOOK_AHEAD_S = 0.005
RELEASE_DB_PER_S = 60.0
_MARGIN_DB = 0.1
"""Covers peaks missed by a grid of eight points per sample, and those added by a changing gain between the points."""

Attenuation = npt.NDArray[np.float64]


class PeakLimiter:
    """Limits a mono sound pushed in blocks of any size. Output is delayed, and has as many samples as the input."""

    def __init__(self, rate_hz: int, ceiling_dbtp: float) -> None:
        self._ceiling = amplitude_gain(ceiling_dbtp - _MARGIN_DB)
        self._slope_db = RELEASE_DB_PER_S / rate_hz
        self._n_ahead = max(2, round(_LOOK_AHEAD_S * rate_hz))
        window = signal.windows.hann(self._n_ahead + 2)[1:-1]
        self._window = window / window.sum()
        # Silence before the sound is the context of the first samples.
        self._unmeasured: Samples = np.zeros(CONTEXT_SAMPLES, np.float32)  # with their context
        self._slope: Attenuation = np.zeros(0)
        self._held_db = 0.0
        self._required_db: Attenuation = np.zeros(self._n_ahead - 1)  # not smoothed yet, with its context
        self._pending: Samples = np.zeros(0, np.float32)  # measured, not output yet

    def push(self, block: Samples) -> Samples:
        """Add a block of samples and return the samples that are ready."""
        joined = np.concatenate([self._unmeasured, block])
        peaks = interpolated_peaks(joined, self._ceiling)
        self._unmeasured = joined[len(peaks) :]
        self._pending = np.concatenate([self._pending, joined[CONTEXT_SAMPLES : CONTEXT_SAMPLES + len(peaks)]])
        self._required_db = np.concatenate([self._required_db, self._held_attenuation(peaks)])
        n_ready = len(self._required_db) - 2 * (self._n_ahead - 1)
        if n_ready <= 0:
            return np.zeros(0, np.float32)
        ready, self._pending = self._pending[:n_ready].copy(), self._pending[n_ready:]
        for start, end in self._limited_spans(n_ready):
            ready[start:end] *= self._gain(self._required_db[start : end + 2 * (self._n_ahead - 1)])
        self._required_db = self._required_db[n_ready:]
        return ready

    def finish(self) -> Samples:
        """Return the remaining samples."""
        n_left = len(self._pending) + len(self._unmeasured) - CONTEXT_SAMPLES
        return self.push(np.zeros(CONTEXT_SAMPLES + self._n_ahead, np.float32))[: max(0, n_left)]

    def _held_attenuation(self, peaks: Samples) -> Attenuation:
        """Attenuation in dB that brings each peak down to the ceiling, with hold and release."""
        required_db = np.zeros(len(peaks))
        over = np.flatnonzero(peaks > self._ceiling)
        required_db[over] = 20 * np.log10(peaks[over].astype(np.float64) / self._ceiling)
        if not len(peaks) or (self._held_db == 0.0 and not len(over)):
            return required_db
        if len(self._slope) < len(peaks):
            self._slope = self._slope_db * np.arange(1, len(peaks) + 1, dtype=np.float64)
        slope: Attenuation = self._slope[: len(peaks)]
        held: Attenuation = required_db
        held += slope
        held[0] = max(held[0], self._held_db)
        np.maximum.accumulate(held, out=held)
        held -= slope
        np.maximum(held, 0.0, out=held)
        self._held_db = float(held[-1])
        return held

    def _limited_spans(self, n_ready: int) -> list[tuple[int, int]]:
        """Start and end of the spans of ready samples that need attenuation, in steps of twice the look-ahead."""
        n_step = 2 * (self._n_ahead - 1)
        starts = np.arange(0, len(self._required_db), n_step)
        is_required = np.maximum.reduceat(self._required_db, starts) > 0.0
        n_steps = -(-n_ready // n_step)
        # The gains of a step depend on the attenuation of this step and the next.
        is_limited = is_required[:n_steps] | np.append(is_required[1:], False)[:n_steps]
        edges = np.flatnonzero(np.diff(is_limited, prepend=False, append=False)) * n_step
        return [(int(start), min(int(end), n_ready)) for start, end in edges.reshape(-1, 2)]

    def _gain(self, required_db: Attenuation) -> Attenuation:
        """Gain of each sample whose look-ahead and look-back are complete."""
        ahead = _running_maximum(required_db, self._n_ahead)
        return np.power(10.0, -np.convolve(ahead, self._window, mode="valid") / 20)


def _running_maximum(values: Attenuation, n: int) -> Attenuation:
    """Largest of each `n` successive values.

    Every window of `n` values is the end of one block of `n` and the start of the next (van Herk, 1992), so two
    cumulative maxima per block are enough.

    Shape:
        values   [L], L >= n
        returns  [L - n + 1]
    """
    blocks = np.pad(values, (0, -len(values) % n)).reshape(-1, n)
    from_start = np.maximum.accumulate(blocks, axis=1).reshape(-1)
    to_end = np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    n_windows = len(values) - n + 1
    return np.maximum(to_end[:n_windows], from_start[n - 1 : n - 1 + n_windows])


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
