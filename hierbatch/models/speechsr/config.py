"""Sizes of SpeechSR; the two published rates are two configurations of one model."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hierbatch.units import RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSRConfig:
    """One SpeechSR network."""

    rate_hz: int
    """Rate of the sound it gives."""
    channels: int = 32
    edge_kernel: int = 7
    """Taps of the first and the last convolution."""
    block_kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)

    @property
    def ratio(self) -> Fraction:
        """Samples out for one sample in."""
        return Fraction(self.rate_hz, RATE_HZ)


def speechsr_24k() -> SpeechSRConfig:
    """The published 24 kHz network."""
    return SpeechSRConfig(rate_hz=24_000)


def speechsr_48k() -> SpeechSRConfig:
    """The published 48 kHz network."""
    return SpeechSRConfig(rate_hz=48_000)
