"""Changing the sampling rate: a polyphase windowed-sinc filter.

The stop band starts at the lower of the two Nyquist frequencies, so nothing folds back; the pass band reaches 94 %
of it. Takes are resampled one by one, so a chapter needs no more memory than its longest sentence; a recording of hours
streams through `resample_blocks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
from scipy import signal

from hierbatch.audio.waveform import Samples, Waveform

ToRate = Callable[[Waveform, int], Waveform]
"""Gives a sound at another rate, as long as `resample` makes it."""

_STOP_BAND_DB = 90.0
_HALF_WIDTH = 96
"""Zero crossings of the sinc on each side: the width of the transition band follows from it."""


def resample(waveform: Waveform, rate_hz: int) -> Waveform:
    """The same sound at another rate; time zero stays where it was.

    Gives `resampled_length` samples. A waveform already at `rate_hz` is returned as it is.
    """
    if rate_hz == waveform.rate_hz:
        return waveform
    up, down = _ratio(waveform.rate_hz, rate_hz)
    n_out = resampled_length(waveform.n_samples, waveform.rate_hz, rate_hz)
    if n_out == 0:
        return Waveform(np.zeros(0, np.float32), rate_hz)
    kernel = _kernel(up, down)
    n_delay = (len(kernel) - 1) // 2 // down
    # The tail of the kernel rings past the input's end: zeros there let it be computed.
    n_needed = math.ceil(((n_out + n_delay) * down) / up)
    padded = np.pad(waveform.samples, (0, max(0, n_needed - waveform.n_samples)))
    filtered = signal.upfirdn(kernel, padded, up, down)
    return Waveform(filtered[n_delay : n_delay + n_out].astype(np.float32), rate_hz)


def resample_blocks(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The same of a sound that streams by in blocks of any size: joined, what comes out equals `resample` of the whole.

    Shape:
        blocks   each [L]
        returns  each [any], `resampled_length` of all samples together
    """
    if from_hz == to_hz:
        yield from blocks
        return
    up, down = _ratio(from_hz, to_hz)
    kernel = _kernel(up, down)
    n_delay = (len(kernel) - 1) // 2 // down
    heard = np.zeros(0, np.float32)
    first = n_in = n_done = 0  # where `heard` starts, a multiple of `down`; samples taken in; samples given out

    def made(end: int) -> Samples:
        filtered = signal.upfirdn(kernel, heard, up, down)
        at = n_delay - first * up // down
        part: Samples = filtered[n_done + at : end + at].astype(np.float32)
        return part

    for block in blocks:
        heard, n_in = np.concatenate([heard, block]), n_in + len(block)
        n_ready = (n_in * up - 1) // down + 1 - n_delay
        if n_ready > n_done:
            yield made(n_ready)
            n_done = n_ready
            # The first sample that the next one to come depends on.
            oldest = max(0, -(-((n_done + n_delay) * down - len(kernel) + 1) // up)) // down * down
            heard, first = heard[oldest - first :], oldest
    n_out = resampled_length(n_in, from_hz, to_hz)
    if n_out > n_done:
        n_needed = math.ceil(((n_out + n_delay) * down) / up)
        heard = np.pad(heard, (0, max(0, n_needed - n_in)))
        yield made(n_out)


def resampled_length(n_samples: int, from_hz: int, to_hz: int) -> int:
    """Samples that `resample` gives for `n_samples`: the smallest whole number that covers the duration."""
    up, down = _ratio(from_hz, to_hz)
    return -(-n_samples * up // down)


def _ratio(from_hz: int, to_hz: int) -> tuple[int, int]:
    common = math.gcd(from_hz, to_hz)
    return to_hz // common, from_hz // common


@lru_cache(maxsize=8)
def _kernel(up: int, down: int) -> Samples:
    """Kaiser-windowed sinc at the rate `up` times the input's, its centre on a multiple of `down`."""
    wide = max(up, down)
    half = _HALF_WIDTH * wide
    # Kaiser's formula: transition width of a filter of 2 * half taps, as a part of the upsampled Nyquist.
    transition = (_STOP_BAND_DB - 7.95) / (2.285 * math.pi * 2 * half)
    n_taps = 2 * half + 1
    kernel = signal.firwin(
        n_taps, 1.0 / wide - transition / 2, window=("kaiser", signal.kaiser_beta(_STOP_BAND_DB)), scale=True
    )
    n_extra = -half % down
    return np.pad(kernel * up, (n_extra, n_extra)).astype(np.float32)
