"""Mono audio with its sampling rate, as passed between the packages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


_BLOCK_SAMPLES = 1 << 20


def in_blocks(samples: Samples, n: int = _BLOCK_SAMPLES) -> Iterator[Samples]:
    """Yield views of at most `n` successive samples, so that arrays that are computed from them stay small.

    Args:
        samples: the sound.
        n: length of a block.

    Shape:
        samples  [L] or [L, C]
    """
    yield from (samples[start : start + n] for start in range(0, len(samples), n))


@dataclass(frozen=True, slots=True)
class Waveform:
    """Mono sound, full scale at +-1.

    Shape:
        samples  [L]  float32
    """

    samples: Samples
    rate_hz: int

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples, dtype=np.float32)
        if samples.ndim != 1:
            raise ValueError(f"a Waveform is mono: samples must have one axis, but their shape is {samples.shape}")
        if self.rate_hz <= 0:
            raise ValueError(f"rate_hz must be positive, but is {self.rate_hz}")
        object.__setattr__(self, "samples", samples)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(self.samples)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz

    def blocks(self) -> Iterator[Samples]:
        """Yield views of successive parts of the sound, as `RereadableSound` requires."""
        return in_blocks(self.samples)


class RereadableSound(Protocol):
    """Protocol for a mono sound that can be read in blocks several times; it need not be in memory."""

    @property
    def rate_hz(self) -> int:
        """Sampling rate in Hz."""
        ...

    @property
    def n_samples(self) -> int:
        """Length in samples."""
        ...

    def blocks(self) -> Iterator[Samples]:
        """Yield consecutive blocks of any size, each of shape [L]."""


@dataclass(frozen=True, slots=True)
class SoundStream:
    """Sound too long to hold in memory, as a stream of blocks of any size, each of shape [L]."""

    blocks: Iterable[Samples]
    rate_hz: int
