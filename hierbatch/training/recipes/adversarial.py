"""Train the waveform stage against discriminators, on what the finished chain gives it.

Regression makes the chain's latents smoother than recordings', and a spectral loss alone makes of a smooth latent a
smooth sound. Discriminators (HiFi-GAN, Kong et al. 2020, section 2.3; EnCodec, Défossez et al. 2022, section 3.4) see
what a recording has and the made sound lacks, and the waveform stage learns to give it; the spectral loss keeps it by
the words. A quarter of each batch are recorded latents, so that it stays true to those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from hierbatch.models.discriminators.config import DiscriminatorConfig
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.generator import WaveformGenerator
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.training.chain_latents import ChainLatents, Lesson
from hierbatch.training.critics import Critics
from hierbatch.training.loop import Losses
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.spectral_loss import SpectralLoss
from hierbatch.units import FRAME_HOP_SAMPLES

_PIECE_FRAMES, _EDGE_FRAMES = 48, 8
"""What the waveform stage is given, and how much at either end is not judged, since half of what it sees is missing."""
_N_RECORDED = 2
_POOL = 96
_SPECTRAL_WEIGHT = 5.0
_PRE_EMPHASIS = 0.7


def small_discriminators() -> DiscriminatorConfig:
    """A set that keeps pace with the waveform stage on one CPU core."""
    return DiscriminatorConfig(
        ffts_samples=(1024, 512, 256),
        spectrogram_channels=12,
        log_magnitudes=True,
        periods_samples=(2, 3, 5, 7, 11),
        period_channels=(16, 32, 64, 96, 96),
    )


class WaveformAndCritics(nn.Module):
    """The networks that learn together here; `critics` ship nowhere."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.waveform = WaveformGenerator(config)
        self.critics = Critics(small_discriminators(), pre_emphasis=_PRE_EMPHASIS)


class AdversarialRecipe:
    """`batch_size` pieces of about two thirds of a second a step."""

    rate_factors: ClassVar[dict[str, float]] = {"critics": 4.0}
    """They begin with nothing, the waveform stage with all it knows."""

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 8,
        chain: LiteNetworks | None = None,
    ) -> None:
        self.network = WaveformAndCritics(config).to(device)
        self._device, self._batch_size = device, batch_size
        self._latents = ChainLatents(prepared, chain, device, _PIECE_FRAMES)
        self._loss = SpectralLoss().to(device)
        self._pool: list[Lesson] = []
        rng = np.random.default_rng(0)
        self._held_out = [_piece(self._latents.held_out(rng), rng) for _ in range(32)]

    def losses(self, network: WaveformAndCritics, rng: np.random.Generator) -> Losses:
        made, wanted = self._sound(network, self._draw(rng), rng)
        return {"spectral": _SPECTRAL_WEIGHT * self._loss(made, wanted), **network.critics.contest(made, wanted)}

    @torch.no_grad()
    def validate(self, network: WaveformAndCritics) -> dict[str, float]:
        made, wanted = self._sound(network, self._held_out, np.random.default_rng(0))
        return {"spectral": float(self._loss(made, wanted))}

    def _draw(self, rng: np.random.Generator) -> list[Lesson]:
        """Pieces of a pool of lessons that is renewed one lesson a step: saying a sentence costs more than a piece."""
        lesson = self._latents.said_again(rng)
        if len(self._pool) < _POOL:
            self._pool.append(lesson)
        else:
            self._pool[int(rng.integers(_POOL))] = lesson
        drawn = [self._pool[int(rng.integers(len(self._pool)))] for _ in range(self._batch_size - _N_RECORDED)]
        return [_piece(lesson, rng) for lesson in [*drawn, *(self._latents.recorded(rng) for _ in range(_N_RECORDED))]]

    def _sound(
        self, network: WaveformAndCritics, lessons: Sequence[Lesson], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Made and recorded sound, without the edges. Shape: twice [B, L]."""
        wanted = np.stack([lesson.audio for lesson in lessons])
        f0_hz, voiced = (
            torch.from_numpy(np.stack(rows)).to(self._device)
            for rows in ([lesson.f0_hz for lesson in lessons], [lesson.voiced for lesson in lessons])
        )
        noise = torch.from_numpy(rng.standard_normal(wanted.shape, np.float32)).to(self._device)
        mask = torch.ones(*f0_hz.shape, 1, dtype=torch.bool, device=self._device)
        latent = torch.stack([lesson.latent for lesson in lessons])
        made = network.waveform(latent, f0_hz, voiced, noise, mask)
        inner = slice(_EDGE_FRAMES * FRAME_HOP_SAMPLES, -_EDGE_FRAMES * FRAME_HOP_SAMPLES)
        return made[:, inner], torch.from_numpy(wanted).to(self._device)[:, inner]


def _piece(lesson: Lesson, rng: np.random.Generator) -> Lesson:
    return lesson.cut(int(rng.integers(lesson.n_frames - _PIECE_FRAMES + 1)), _PIECE_FRAMES)
