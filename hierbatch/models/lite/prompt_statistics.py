"""Long-term spectrum of a prompt, and prompts mapped to another long-term spectrum.

Lite measures the mean and the spread of each mel band on the loud frames of a prompt, those at or above its mean level
(`spectral_statistics`). A voice without a recording uses the frames of other voices, mapped to its own statistics.

Legend: T mel frames (100/s), M mel bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_N_ROUNDS = 8
_MIN_SPREAD = 0.01


@dataclass(frozen=True, slots=True)
class LongTermSpectrum:
    """Mean and standard deviation of each band over the frames at or above the mean level.

    Shape:
        mean, spread  [M]
    """

    mean: Floats
    spread: Floats


def measure_spectrum(mel: Floats) -> LongTermSpectrum:
    """Measure the long-term spectrum of a prompt.

    Shape:
        mel  [T, M]
    """
    level = mel.mean(1)
    loud = mel[level >= level.mean()].astype(np.float64)
    spread = np.maximum(loud.std(0), _MIN_SPREAD)
    return LongTermSpectrum(loud.mean(0).astype(np.float32), spread.astype(np.float32))


def move_spectrum(mel: Floats, target: LongTermSpectrum) -> Floats:
    """Move frames to a long-term spectrum, by one linear map for each band.

    The map changes which frames are at or above the mean level, so it is repeated until the measured spectrum agrees,
    at most eight times.

    Shape:
        mel      [T, M]
        returns  [T, M]
    """
    mapped = mel
    for _ in range(_N_ROUNDS):
        own = measure_spectrum(mapped)
        if np.allclose(own.mean, target.mean, atol=1e-6) and np.allclose(own.spread, target.spread, atol=1e-6):
            break
        mapped = (mapped - own.mean) * (target.spread / own.spread) + target.mean
    return mapped.astype(np.float32)
