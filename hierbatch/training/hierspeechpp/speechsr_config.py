"""Configuration of SpeechSR training. Defaults are the published values at 48 kHz, except those marked as ours."""

from __future__ import annotations

from dataclasses import dataclass, field

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig, discriminators_48k
from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig, speechsr_48k
from hierbatch.training.hierspeechpp.settings import AdamWSettings, RunSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSRData:
    """Table `data`: recordings and degradation of the input. Only `segment_samples` is published; the rest is ours."""

    batch_rows: int = 128
    segment_samples: int = 9600
    """Length of a row in samples at the output rate."""
    min_bandwidth: float = 0.9
    """Minimum measured bandwidth of a recording, as a share of half the output rate."""
    low_pass_share: float = 0.5
    """Share of rows whose input has a random low-pass filter, so that the network does not depend on one filter."""
    low_pass_orders: tuple[int, ...] = (2, 8)
    low_pass_hz: tuple[float, ...] = (6000.0, 8000.0)
    gain_db: float = 6.0
    """Largest random gain or attenuation in dB."""
    validation_rows: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSRLossWeights:
    """Table `losses`: weights of the losses."""

    mel: float = 45.0
    adversarial: float = 1.0
    feature_matching: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSRTraining:
    """Complete configuration for training a SpeechSR network."""

    network: SpeechSRConfig = field(default_factory=speechsr_48k)
    discriminators: DiscriminatorConfig = field(default_factory=discriminators_48k)
    losses: SpeechSRLossWeights = field(default_factory=SpeechSRLossWeights)
    mel_resolutions: tuple[tuple[int, ...], ...] = ((1280, 320, 128),)
    """For each spectrogram of the mel loss: FFT size and hop in samples at the output rate, and number of bands."""
    optimizer: AdamWSettings = field(
        default_factory=lambda: AdamWSettings(learning_rate=1e-4, learning_rate_decay=0.995)
    )
    """AdamW; the decay was computed from the learning rates stored in both published checkpoints."""
    data: SpeechSRData = field(default_factory=SpeechSRData)
    run: RunSettings = field(default_factory=lambda: RunSettings(n_steps=100_000))

    def __post_init__(self) -> None:
        """Check that the length of a segment fits the ratio of the rates.

        Raises:
            InputError: `data.segment_samples` is not divisible by twice the numerator of the ratio.
        """
        ratio = self.network.ratio
        if self.data.segment_samples % (ratio.numerator * 2):
            raise InputError(
                "The segment does not fit the rate",
                expected=f"segment_samples divisible by {ratio.numerator * 2}",
                got=str(self.data.segment_samples),
            )
