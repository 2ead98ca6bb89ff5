"""Look-ahead true-peak limiter: neither the samples nor the peaks between them exceed the ceiling.

The attenuation curve is computed in three steps, without a loop over samples:

1. required attenuation of each sample, from the interpolated peaks around it (BS.1770-4 Annex 2);
2. hold, then release at a fixed slope in dB per second: a running maximum of `required + slope * time`;
3. a running maximum over the look-ahead, smoothed by a window of the same length. Every value under the window
   covers the sample at its center, so the smoothed curve never falls below the required attenuation.

The gain is exactly one while no attenuation is required.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.peak import CONTEXT_SAMPLES, interpolated_peaks
from hierbatch.audio.waveform import Samples

_LOOK_AHEAD_S = 0.005
RELEASE_DB_PER_S = 60.0
_MARGIN_DB = 0.1
"""Margin for peaks that a grid of eight points per sample misses, and for those that a changing gain adds."""

Attenuation = npt.NDArray[np.float64]


class PeakLimiter:
    """Limiter of a mono sound in blocks of any size; the output is delayed, and has as many samples as the input."""

    def __init__(self, rate_hz: int, ceiling_dbtp: float) -> None:
        self._ceiling = amplitude_gain(ceiling_dbtp - _MARGIN_DB)
        self._slope_db = RELEASE_DB_PER_S / rate_hz
        self._n_ahead = max(2, round(_LOOK_AHEAD_S * rate_hz))
        self._smoothing = _HannSmoothing(self._n_ahead)
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
        start = 0 if self._held_db else int(over[0])
        most_db = max(self._held_db, float(required_db.max()))
        # After the last peak above the ceiling, the largest attenuation is released within this many samples.
        end = min(len(peaks), (int(over[-1]) if len(over) else 0) + 2 + math.ceil(most_db / self._slope_db))
        if len(self._slope) < end - start:
            self._slope = self._slope_db * np.arange(1, end - start + 1, dtype=np.float64)
        slope: Attenuation = self._slope[: end - start]
        held: Attenuation = required_db[start:end]
        held += slope
        held[0] = max(held[0], self._held_db)
        np.maximum.accumulate(held, out=held)
        held -= slope
        np.maximum(held, 0.0, out=held)
        self._held_db = float(required_db[-1])
        return required_db

    def _limited_spans(self, n_ready: int) -> list[tuple[int, int]]:
        """Start and end of each span of the ready samples that needs attenuation.

        Spans are whole numbers of steps of about twice the look-ahead, except at the end of the ready samples.
        """
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
        return np.exp(self._smoothing.apply(ahead) * (-math.log(10) / 20))


class _HannSmoothing:
    """Weighted mean of each `n` successive values under a Hann window whose sum is one.

    The window is a constant minus a cosine, so three running sums replace the convolution: the sums of the values, of
    the values times a cosine, and of the values times a sine. They give the weighted sum at any position of the window.
    """

    def __init__(self, n: int) -> None:
        self._n = n
        self._cosine = self._sine = np.zeros(0)

    def apply(self, values: Attenuation) -> Attenuation:
        """Smooth a sequence of values.

        Shape:
            values   [L], L >= n
            returns  [L - n + 1]
        """
        if len(self._cosine) < len(values):
            phase = 2 * np.pi / (self._n + 1) * np.arange(len(values))
            self._cosine, self._sine = np.cos(phase), np.sin(phase)
        cosine, sine = self._cosine[: len(values)], self._sine[: len(values)]
        n_windows = len(values) - self._n + 1
        in_phase, quadrature = self._sums(values * cosine), self._sums(values * sine)
        # The cosine under the window starts one step after zero, at any position.
        step = 2 * np.pi / (self._n + 1)
        turned = in_phase * math.cos(step) - quadrature * math.sin(step)
        turned_on = in_phase * math.sin(step) + quadrature * math.cos(step)
        weighted = turned * cosine[:n_windows] + turned_on * sine[:n_windows]
        smoothed: Attenuation = (self._sums(values) - weighted) / (self._n + 1)
        return smoothed

    def _sums(self, values: Attenuation) -> Attenuation:
        """Sums of `n` successive values, at every position. Shape: [L] -> [L - n + 1]."""
        running = np.empty(len(values) + 1)
        running[0] = 0.0
        np.cumsum(values, out=running[1:])
        sums: Attenuation = running[self._n :] - running[: len(running) - self._n]
        return sums


def _running_maximum(values: Attenuation, n: int) -> Attenuation:
    """Largest of each `n` successive values.

    Every window of `n` values is the end of one block of `n` and the start of the next (van Herk, 1992), so two
    cumulative maxima per block are enough.

    Shape:
        values   [L], L >= n
        returns  [L - n + 1]
    """
    padded = np.zeros(-(-len(values) // n) * n)
    padded[: len(values)] = values
    blocks = padded.reshape(-1, n)
    from_start = np.maximum.accumulate(blocks, axis=1).reshape(-1)
    to_end = np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1].reshape(-1)
    n_windows = len(values) - n + 1
    return np.maximum(to_end[:n_windows], from_start[n - 1 : n - 1 + n_windows])


def limit(blocks: Iterable[Samples], rate_hz: int, ceiling_dbtp: float) -> Iterator[Samples]:
    """Limit a mono sound that arrives in blocks.

    Args:
        blocks: blocks of any size, each of shape [L].
        rate_hz: sampling rate.
        ceiling_dbtp: highest true peak of the result.

    Returns:
        Blocks with as many samples in all as the input, without delay.
    """
    limiter = PeakLimiter(rate_hz, ceiling_dbtp)
    for block in blocks:
        yield limiter.push(block)
    yield limiter.finish()
