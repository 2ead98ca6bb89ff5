"""Train the waveform stage: log-mel and F0 back to the recording they came from.

At first from recorded spectra alone. Where the stages before it are trained, half of a batch comes from the spectra
they make of the same recordings, since that is what it will be given: it learns to sound well from smoothed ones, too
(Kong et al. 2020, HiFi-GAN, section 4.4, "fine-tuning").
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.generator import WaveformGenerator
from hierbatch.models.lite.matching import LatentMatching
from hierbatch.training.loop import Losses
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.acoustic import AcousticRecipe, SoundSide
from hierbatch.training.sampling import Piece, SoundBatch, SpeakerSampler, load_batch, random_piece
from hierbatch.training.spectral_loss import SpectralLoss
from hierbatch.units import MELS_PER_FRAME

_PIECE_FRAMES = 50
_N_MADE = 8


class WaveformRecipe:
    """`batch_size` pieces of one second a step; with `before`, eight of 1.6 seconds by way of the spectrum it makes."""

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 12,
        before: SoundSide | None = None,
        matching: LatentMatching = LatentMatching(contrast=1.1, mean_share=1.0, spread_share=1.0),  # noqa: B008 - a frozen value
    ) -> None:
        self.network: WaveformGenerator = WaveformGenerator(config).to(device)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.2)
        self._mel, self._loss = LogMel().to(device), SpectralLoss().to(device)
        self._before = None if before is None else before.to(device).eval().requires_grad_(False)
        self._chain = None if before is None else AcousticRecipe(prepared, config, device, _N_MADE, before.content)
        self._matching = matching
        rng = np.random.default_rng(0)
        held_out = SpeakerSampler(prepared.split("development"))
        self._held_out = [random_piece(held_out.draw(rng), _PIECE_FRAMES, rng) for _ in range(32)]

    def losses(self, network: WaveformGenerator, rng: np.random.Generator) -> Losses:
        pieces = [random_piece(self._sampler.draw(rng), _PIECE_FRAMES, rng) for _ in range(self._batch_size)]
        losses = {"spectral": self._loss_of(network, pieces, rng)}
        if self._chain is not None and self._before is not None:
            with torch.no_grad():
                pairs = self._chain.pair(self._before, rng)
                mask = pairs.mask.repeat_interleave(MELS_PER_FRAME, 1)
                made = self._matching(pairs.made, mask, pairs.voices.frames)
            losses["spectral_made"] = self._distance(network, made, pairs.batch, mask, rng)
        return losses

    @torch.no_grad()
    def validate(self, network: WaveformGenerator) -> dict[str, float]:
        return {"spectral": float(self._loss_of(network, self._held_out, np.random.default_rng(0)))}

    def _loss_of(self, network: WaveformGenerator, pieces: list[Piece], rng: np.random.Generator) -> Tensor:
        batch = load_batch(self._prepared, pieces)
        mel = self._mel(self._tensor(batch.audio))
        mask = torch.ones(*batch.f0_hz.shape, 1, dtype=torch.bool, device=self._device)
        return self._distance(network, mel, batch, mask, rng)

    def _distance(
        self, network: WaveformGenerator, mel: Tensor, batch: SoundBatch, mask: Tensor, rng: np.random.Generator
    ) -> Tensor:
        noise = self._tensor(rng.standard_normal(batch.audio.shape, np.float32))
        sound = network(mel, self._tensor(batch.f0_hz), self._tensor(batch.voiced), noise, mask)
        loss: Tensor = self._loss(sound, self._tensor(batch.audio))
        return loss

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self._device)
