"""Sampling rate conversion by libsoxr.

Linear phase, "HQ": the pass band reaches 91 % of the lower of the two Nyquist frequencies, within 0.01 dB. The stop
band starts at that Nyquist frequency with more than 120 dB of rejection, so there is no aliasing. Takes are resampled
one at a time, so a chapter needs no more memory than its longest sentence. A recording of hours is streamed through
`resample_blocks`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import soxr

from hierbatch.audio.waveform import RereadableSound, Samples, Waveform

Resampler = Callable[[Waveform, int], Waveform]
"""Function from a sound and a rate in Hz to the sound at that rate, with as many samples as `resample` returns."""

BlockResampler = Callable[[Iterable[Samples], int, int], Iterator[Samples]]
"""Function that resamples a sound that arrives in blocks; its parameters are those of `resample_blocks`."""

_QUALITY = "HQ"


def resample(waveform: Waveform, rate_hz: int) -> Waveform:
    """Resample a sound to `rate_hz`, without delay.

    The result has `resampled_length` samples. A waveform already at `rate_hz` is returned unchanged.
    """
    return waveform if rate_hz == waveform.rate_hz else read_resampled(waveform, rate_hz)


def read_resampled(sound: RereadableSound, rate_hz: int, n_samples: int | None = None) -> Waveform:
    """Read a sound and resample it as `resample` does, but block by block, so that only the result is in memory.

    Args:
        sound: sound of any length.
        rate_hz: rate of the result.
        n_samples: length of the result, at least `resampled_length` (the default); the rest is silence.
    """
    n_samples = n_samples or resampled_length(sound.n_samples, sound.rate_hz, rate_hz)
    resampled = np.zeros(n_samples, np.float32)
    n_done = 0
    for block in resample_blocks(sound.blocks(), sound.rate_hz, rate_hz):
        resampled[n_done : n_done + len(block)] = block
        n_done += len(block)
    return Waveform(resampled, rate_hz)


def resample_blocks(blocks: Iterable[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """Resample a streamed sound; the joined result equals `resample` of the whole sound.

    Args:
        blocks: blocks of any size.
        from_hz: sampling rate of the blocks.
        to_hz: sampling rate of the result.

    Shape:
        blocks   each [L]
        returns  each [any], `resampled_length` of all samples together
    """
    if from_hz == to_hz:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", quality=_QUALITY)
    n_in = n_out = 0
    for block in blocks:
        n_in += len(block)
        output = stream.resample_chunk(np.ascontiguousarray(block, dtype=np.float32))
        n_out += len(output)
        if len(output):
            yield output
    # libsoxr rounds the length, here it covers the duration: silence after the end gives the sample it may lack.
    silence = np.zeros(math.ceil(from_hz / to_hz) + 1 if n_in else 0, np.float32)
    output = stream.resample_chunk(silence, last=True)[: resampled_length(n_in, from_hz, to_hz) - n_out]
    if len(output):
        yield output


def resampled_length(n_samples: int, from_hz: int, to_hz: int) -> int:
    """Number of samples that `resample` returns for `n_samples`: the smallest whole number that covers the duration."""
    return -(-n_samples * to_hz // from_hz)
