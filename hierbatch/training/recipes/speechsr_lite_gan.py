"""Recipe that fine-tunes SpeechSR-Lite against discriminators.

A spectral loss alone leads to an average spectral envelope; discriminators lead to an envelope that a recording could
have. They have the resolutions and periods of the published SpeechSR (HierSpeech++, section III-E), with fewer channels
so that they can be trained on a CPU core. Before discrimination, generated and recorded audio are low-passed below the
lower of their bandwidths, so that the discriminators cannot use the edge of the band.

Legend: B batch, L samples at 48 kHz.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig, discriminators_48k
from hierbatch.models.upsampling.lite.config import BIN_HZ, SpeechSRLiteConfig
from hierbatch.models.upsampling.lite.model import SpeechSRLite
from hierbatch.training.discriminators import TrainingDiscriminators
from hierbatch.training.full_band import FULL_RATE_HZ, FullBandClip, draw_full_band_batch
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe, upsample_batch

_SEGMENT_SAMPLES = 14_400
"""Length of a segment; without its edges, 9600 samples, as published."""
_HIGH_BAND_WEIGHT = 5.0
_PRE_EMPHASIS = 0.9
_CUTOFF_SHARE = 0.95
"""Low-pass cutoff in front of the discriminators, as a share of the bandwidth of both signals."""


def narrow_discriminators() -> DiscriminatorConfig:
    """Configuration with the published resolutions and periods at 48 kHz, but few enough channels for one CPU core."""
    reference = discriminators_48k()
    return DiscriminatorConfig(
        ffts_samples=reference.ffts_samples,
        spectrogram_channels=8,
        log_magnitudes=True,
        periods_samples=reference.periods_samples,
        period_channels=(16, 32, 64, 96, 96),
    )


class SpeechSRLiteGanTrainingModule(SpeechSRLite):
    """SpeechSR-Lite, whose weights have no name prefix, with `discriminators`, which do not ship."""

    def __init__(self, config: SpeechSRLiteConfig) -> None:
        super().__init__(config)
        self.discriminators = TrainingDiscriminators(narrow_discriminators(), pre_emphasis=_PRE_EMPHASIS)


class SpeechSRLiteGanRecipe(SpeechSRLiteRecipe):
    """Recipe that trains on `batch_size` segments of 0.3 s per step; validation as in `SpeechSRLiteRecipe`."""

    network: SpeechSRLiteGanTrainingModule
    learning_rate_factors: ClassVar[dict[str, float]] = {"discriminators": 4.0}
    """Factors for the learning rate: the discriminators start from random weights, the network from trained weights."""

    def __init__(
        self, clips: list[FullBandClip], config: SpeechSRLiteConfig, device: str = "cpu", batch_size: int = 8
    ) -> None:
        super().__init__(clips, config, device, batch_size)
        self.network = SpeechSRLiteGanTrainingModule(config).to(device)
        self._network_bandwidth_hz = config.last_bin * BIN_HZ

    def losses(self, network: SpeechSRLite, rng: np.random.Generator) -> Losses:
        assert isinstance(network, SpeechSRLiteGanTrainingModule)
        batch = draw_full_band_batch(self._clips, self._batch_size, _SEGMENT_SAMPLES, rng)
        generated, target, bandwidth_hz = upsample_batch(network, batch, self._device)
        cutoff_hz = _CUTOFF_SHARE * bandwidth_hz.clamp(max=self._network_bandwidth_hz)
        adversarial = network.discriminators.adversarial_losses(
            _low_pass(generated, cutoff_hz), _low_pass(target, cutoff_hz)
        )
        return {"high_band": _HIGH_BAND_WEIGHT * self._loss(generated, target, bandwidth_hz), **adversarial}


def _low_pass(audio: Tensor, cutoff_hz: Tensor) -> Tensor:
    """Remove the spectrum above each row's cutoff. Shape: audio [B, L], cutoff_hz [B] -> [B, L]."""
    n_samples = audio.shape[-1]
    bins_hz = torch.fft.rfftfreq(n_samples, 1 / FULL_RATE_HZ, device=audio.device)
    passed = bins_hz[None] < cutoff_hz[:, None]
    result: Tensor = torch.fft.irfft(torch.fft.rfft(audio) * passed, n_samples)
    return result
