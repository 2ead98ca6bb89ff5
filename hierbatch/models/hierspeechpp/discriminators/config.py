"""Configurations of the published discriminators."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscriminatorConfig:
    """Hyperparameters of a set of discriminators: one per spectrogram resolution and one per period."""

    ffts_samples: tuple[int, ...] = (2048, 1024, 512, 256, 128)
    """Window size of each spectrogram in samples; the hop size is a quarter of it."""
    spectrogram_channels: int = 32
    log_magnitudes: bool = False
    """True for log magnitudes instead of complex spectrograms as input.

    With log magnitudes, quiet segments contribute too, and small discriminators need not learn to compute magnitudes.
    """
    periods_samples: tuple[int, ...] = (2, 3, 5, 7, 11)
    period_channels: tuple[int, ...] = (32, 128, 512, 1024, 1024)


def discriminators_16k() -> DiscriminatorConfig:
    """Configuration for the synthesizer (16 kHz); SpeechSR at 24 kHz uses the same one."""
    return DiscriminatorConfig()


def discriminators_48k() -> DiscriminatorConfig:
    """Configuration for SpeechSR at 48 kHz."""
    return DiscriminatorConfig(ffts_samples=(4096, 2048, 1024, 512, 256, 128))
