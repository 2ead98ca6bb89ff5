"""Programme loudness (ITU-R BS.1770-4) of streamed sound.

K-weighting consists of two second-order filters. The mean squares of 400 ms blocks, overlapping by 75 %, pass an
absolute gate (-70 LUFS) and then a relative gate (10 LU below the mean of the blocks that remain).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hierbatch.audio.frame_means import FrameMeans
from hierbatch.audio.recursive_filter import RecursiveFilter
from hierbatch.audio.waveform import Samples, in_blocks

_BLOCK_HOPS = 4
HOP_S = 0.1
_OFFSET_LUFS = -0.691
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0


class KWeighting:
    """K-weighted squares of sound that arrives in blocks of any size, summed over the channels.

    Shape:
        block    [L] or [L, C]  float, C = 1 or 2, both channels with weight 1
        returns  [L]
    """

    def __init__(self, rate_hz: int, n_channels: int = 1) -> None:
        if n_channels not in (1, 2):
            raise ValueError(f"loudness is supported for 1 or 2 channels, but n_channels is {n_channels}")
        self._filter = RecursiveFilter(k_weighting(rate_hz), n_channels)
        self._n_channels = n_channels

    def squares(self, block: Samples) -> npt.NDArray[np.float64]:
        """Weighted squares of the next block."""
        shaped = np.asarray(block, np.float64).reshape(-1, self._n_channels)
        squares: npt.NDArray[np.float64] = np.square(self._filter(shaped))
        return squares[:, 0] if self._n_channels == 1 else squares.sum(axis=1)


class LoudnessMeter:
    """Meter of the loudness of a program, given in blocks of any size; it keeps ten numbers per second of sound.

    Shape:
        block  [L] or [L, C]  float, C = 1 or 2, both channels with weight 1
    """

    def __init__(self, rate_hz: int, n_channels: int = 1) -> None:
        self._weighting = KWeighting(rate_hz, n_channels)
        self._powers = FrameMeans(round(HOP_S * rate_hz))

    def push(self, block: Samples) -> None:
        """Add a block of samples."""
        self._powers.push(self._weighting.squares(block))

    def loudness_lufs(self) -> float:
        """Integrated loudness so far, in LUFS; -inf for silence and for less than one block (400 ms)."""
        return gated_loudness(self._powers.values())


def gated_loudness(powers: npt.NDArray[np.float64]) -> float:
    """Integrated loudness in LUFS from K-weighted mean squares; -inf for silence and for less than one block (400 ms).

    Shape:
        powers  [n_hops]  one value for each 100 ms
    """
    if len(powers) < _BLOCK_HOPS:
        return -math.inf
    blocks = np.lib.stride_tricks.sliding_window_view(powers, _BLOCK_HOPS).mean(axis=1)
    loud = blocks[blocks > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return -math.inf
    gate = loud.mean() * 10 ** (_RELATIVE_GATE_LU / 10)
    return _lufs(float(loud[loud > gate].mean()))


def measure_loudness(samples: Samples, rate_hz: int) -> float:
    """Integrated loudness of a whole sound in LUFS; -inf for silence and for less than one block (400 ms).

    Shape:
        samples  [L] or [L, C]
    """
    meter = LoudnessMeter(rate_hz, 1 if samples.ndim == 1 else samples.shape[1])
    for block in in_blocks(samples):
        meter.push(block)
    return meter.loudness_lufs()


@lru_cache(maxsize=8)
def k_weighting(rate_hz: int) -> npt.NDArray[np.float64]:
    """K-weighting filters for any sampling rate, as second-order sections of shape [2, 6].

    BS.1770-4 tables 1 and 2 list coefficients for 48 kHz only. The filters here are the analogue prototypes of the
    tables (Brecht De Man, "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018) under
    the bilinear transform; at 48 kHz they equal the tables.
    """
    shelf_hz, shelf_db, shelf_q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * shelf_hz / rate_hz)
    high = 10 ** (shelf_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / shelf_q + k * k
    high_shelf = [
        (high + band * k / shelf_q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / shelf_q + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / shelf_q + k * k) / a0,
    ]
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * pass_hz / rate_hz)
    a0 = 1 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / pass_q + k * k) / a0]
    return np.array([high_shelf, high_pass])


def _power(level_lufs: float) -> float:
    return float(10 ** ((level_lufs - _OFFSET_LUFS) / 10))


def _lufs(power: float) -> float:
    return _OFFSET_LUFS + 10 * math.log10(power)
