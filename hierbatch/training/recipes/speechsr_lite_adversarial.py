"""Train the light SpeechSR against discriminators, after its own school.

A spectral loss asks for the envelope that is right on average; discriminators (the published SpeechSR's resolutions and
periods, HierSpeech++ section III-E, narrower so that they keep pace on a CPU core) ask for one that a recording could
have. Both sounds are judged below what the recordings hold and the network reaches, so that no edge gives it away.

Legend: B batch, L samples at 48 kHz.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from hierbatch.models.discriminators.config import DiscriminatorConfig, discriminators_48k
from hierbatch.models.speechsr_lite.config import BIN_HZ, SpeechSRLiteConfig
from hierbatch.models.speechsr_lite.model import SpeechSRLite
from hierbatch.training.critics import Critics
from hierbatch.training.full_band import FULL_RATE_HZ, FullBandClip, Lesson, draw_lesson
from hierbatch.training.loop import Losses
from hierbatch.training.recipes.speechsr_lite import SpeechSRLiteRecipe, upsampled

_PIECE_SAMPLES = 14_400
"""Without its edges 9600, the published segment."""
_TOP_WEIGHT = 5.0
_PRE_EMPHASIS = 0.9
_EDGE_SHARE = 0.95
"""Of the highest frequency both sounds have: up to where they are judged."""


def narrow_discriminators() -> DiscriminatorConfig:
    """The published resolutions and periods at 48 kHz, with the channels that one CPU core can pay for."""
    published = discriminators_48k()
    return DiscriminatorConfig(
        ffts_samples=published.ffts_samples,
        spectrogram_channels=8,
        log_magnitudes=True,
        periods_samples=published.periods_samples,
        period_channels=(16, 32, 64, 96, 96),
    )


class JudgedSpeechSR(SpeechSRLite):
    """The network under its own names, and beside it the `critics`, which ship nowhere."""

    def __init__(self, config: SpeechSRLiteConfig) -> None:
        super().__init__(config)
        self.critics = Critics(narrow_discriminators(), pre_emphasis=_PRE_EMPHASIS)


class SpeechSRLiteAdversarialRecipe(SpeechSRLiteRecipe):
    """`batch_size` short pieces a step; held-out clips are measured as in the first school."""

    network: JudgedSpeechSR
    rate_factors: ClassVar[dict[str, float]] = {"critics": 4.0}
    """They begin with nothing, the network with all it knows."""

    def __init__(
        self, clips: list[FullBandClip], config: SpeechSRLiteConfig, device: str = "cpu", batch_size: int = 8
    ) -> None:
        super().__init__(clips, config, device, batch_size)
        self.network = JudgedSpeechSR(config).to(device)
        self._network_top_hz = config.last_bin * BIN_HZ

    def losses(self, network: SpeechSRLite, rng: np.random.Generator) -> Losses:
        assert isinstance(network, JudgedSpeechSR)
        lesson: Lesson = draw_lesson(self._clips, self._batch_size, _PIECE_SAMPLES, rng)
        made, wanted, top_hz = upsampled(network, lesson, self._device)
        heard_hz = _EDGE_SHARE * top_hz.clamp(max=self._network_top_hz)
        contest = network.critics.contest(_below(made, heard_hz), _below(wanted, heard_hz))
        return {"top": _TOP_WEIGHT * self._loss(made, wanted, top_hz), **contest}


def _below(sound: Tensor, edges_hz: Tensor) -> Tensor:
    """Without what lies above each row's edge. Shape: [B, L], [B] -> [B, L]."""
    n_samples = sound.shape[-1]
    bins_hz = torch.fft.rfftfreq(n_samples, 1 / FULL_RATE_HZ, device=sound.device)
    passed = bins_hz[None] < edges_hz[:, None]
    return torch.fft.irfft(torch.fft.rfft(sound) * passed, n_samples)
