"""Discriminators of a few thousand weights."""

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig


def narrow_discriminators() -> DiscriminatorConfig:
    return DiscriminatorConfig(
        ffts_samples=(256,), spectrogram_channels=4, log_magnitudes=True, periods_samples=(3,),
        period_channels=(4, 4, 8, 8, 8),
    )  # fmt: skip
