"""Sizes of the published sets of discriminators."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscriminatorConfig:
    """One set: a discriminator a resolution and one a period."""

    ffts_samples: tuple[int, ...] = (2048, 1024, 512, 256, 128)
    """Window of each spectrogram; its hop is a quarter."""
    spectrogram_channels: int = 32
    log_magnitudes: bool = False
    """Whether they see the logarithm of magnitudes instead of complex values: quiet places count, too, and a small set
    need not learn first what a magnitude is."""
    periods_samples: tuple[int, ...] = (2, 3, 5, 7, 11)
    period_channels: tuple[int, ...] = (32, 128, 512, 1024, 1024)


def discriminators_16k() -> DiscriminatorConfig:
    """The synthesizer's set, and SpeechSR's at 24 kHz."""
    return DiscriminatorConfig()


def discriminators_48k() -> DiscriminatorConfig:
    """SpeechSR's set at 48 kHz."""
    return DiscriminatorConfig(ffts_samples=(4096, 2048, 1024, 512, 256, 128))
