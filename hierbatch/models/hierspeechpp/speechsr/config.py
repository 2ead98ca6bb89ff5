"""Configuration of SpeechSR; the published networks for 24 and 48 kHz differ only in their output rate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hierbatch.constants import RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSRConfig:
    """Hyperparameters of a SpeechSR network."""

    rate_hz: int
    """Output sample rate in Hz."""
    channels: int = 32
    edge_kernel: int = 7
    """Kernel size of the first and the last convolution."""
    block_kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)

    @property
    def ratio(self) -> Fraction:
        """Output samples per input sample."""
        return Fraction(self.rate_hz, RATE_HZ)


def speechsr_24k() -> SpeechSRConfig:
    """Configuration of the published 24 kHz network."""
    return SpeechSRConfig(rate_hz=24_000)


def speechsr_48k() -> SpeechSRConfig:
    """Configuration of the published 48 kHz network."""
    return SpeechSRConfig(rate_hz=48_000)
