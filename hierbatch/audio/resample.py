"""Sampling rate conversion with a polyphase windowed-sinc filter.

The stop band starts at the lower of the two Nyquist frequencies, so there is no aliasing; the pass band reaches 94 % of
it. Takes are resampled one at a time, so a chapter needs no more memory than its longest sentence. A recording of
hours is streamed through `resample_blocks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

import numpy as np
from scipy import signal

from hierbatch.audio.waveform import Samples, Waveform, in_blocks

Resampler = Callable[[Waveform, int], Waveform]
"""Function from a sound and a rate in Hz to the sound at that rate, with as many samples as `resample` returns."""

_STOP_BAND_DB = 90.0
_LONG_SAMPLES = 1 << 22
_HALF_WIDTH = 96
"""Zero crossings of the sinc on each side; they determine the width of the transition band."""


def resample(waveform: Waveform, rate_hz: int) -> Waveform:
    """Resample a sound to `rate_hz`, without delay.

    The result has `resampled_length` samples. A waveform already at `rate_hz` is returned unchanged.
    """
    if rate_hz == waveform.rate_hz:
        return waveform
    up, down = _ratio(waveform.rate_hz, rate_hz)
    n_out = resampled_length(waveform.n_samples, waveform.rate_hz, rate_hz)
    if n_out == 0:
        return Waveform(np.zeros(0, np.float32), rate_hz)
    if max(n_out, waveform.n_samples) > _LONG_SAMPLES:
        return Waveform(_resample_long(waveform, rate_hz, n_out), rate_hz)
    kernel = _kernel(up, down)
    n_delay = (len(kernel) - 1) // 2 // down
    # The impulse response extends past the end of the input, which is padded with zeros for it.
    n_needed = math.ceil(((n_out + n_delay) * down) / up)
    padded = np.pad(waveform.samples, (0, max(0, n_needed - waveform.n_samples)))
    filtered = signal.upfirdn(kernel, padded, up, down)
    return Waveform(filtered[n_delay : n_delay + n_out].astype(np.float32), rate_hz)


def _resample_long(waveform: Waveform, rate_hz: int, n_samples: int) -> Samples:
    """Resample in blocks into one array, so that a long sound is in memory once at each rate."""
    resampled = np.empty(n_samples, np.float32)
    n_done = 0
    for block in resample_blocks(in_blocks(waveform.samples), waveform.rate_hz, rate_hz):
        resampled[n_done : n_done + len(block)] = block
        n_done += len(block)
    return resampled


def resample_blocks(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """Resample a streamed sound; the joined result equals `resample` of the whole sound.

    Args:
        blocks: blocks of any size
        from_hz: sampling rate of the blocks
        to_hz: sampling rate of the result

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
    buffer = np.zeros(0, np.float32)
    # Input index at which `buffer` starts, a multiple of `down`; samples read; samples returned.
    first = n_in = n_done = 0

    def output_until(end: int) -> Samples:
        filtered = signal.upfirdn(kernel, buffer, up, down)
        offset = n_delay - first * up // down
        output: Samples = filtered[n_done + offset : end + offset].astype(np.float32)
        return output

    for block in blocks:
        buffer, n_in = np.concatenate([buffer, block]), n_in + len(block)
        n_ready = (n_in * up - 1) // down + 1 - n_delay
        if n_ready > n_done:
            yield output_until(n_ready)
            n_done = n_ready
            # First input sample that the next output sample depends on.
            oldest = max(0, -(-((n_done + n_delay) * down - len(kernel) + 1) // up)) // down * down
            buffer, first = buffer[oldest - first :], oldest
    n_out = resampled_length(n_in, from_hz, to_hz)
    if n_out > n_done:
        n_needed = math.ceil(((n_out + n_delay) * down) / up)
        buffer = np.pad(buffer, (0, max(0, n_needed - n_in)))
        yield output_until(n_out)


def resampled_length(n_samples: int, from_hz: int, to_hz: int) -> int:
    """Number of samples that `resample` returns for `n_samples`: the smallest whole number that covers the duration."""
    up, down = _ratio(from_hz, to_hz)
    return -(-n_samples * up // down)


def _ratio(from_hz: int, to_hz: int) -> tuple[int, int]:
    common = math.gcd(from_hz, to_hz)
    return to_hz // common, from_hz // common


@lru_cache(maxsize=8)
def _kernel(up: int, down: int) -> Samples:
    """Kaiser-windowed sinc at `up` times the input rate, centred on a multiple of `down`."""
    factor = max(up, down)
    half = _HALF_WIDTH * factor
    # Kaiser's formula: transition width for 2 * half taps, as a fraction of the upsampled Nyquist frequency.
    transition = (_STOP_BAND_DB - 7.95) / (2.285 * math.pi * 2 * half)
    n_taps = 2 * half + 1
    kernel = signal.firwin(
        n_taps, 1.0 / factor - transition / 2, window=("kaiser", signal.kaiser_beta(_STOP_BAND_DB)), scale=True
    )
    n_extra = -half % down
    return np.pad(kernel * up, (n_extra, n_extra)).astype(np.float32)
