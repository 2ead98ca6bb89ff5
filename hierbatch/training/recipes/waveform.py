"""Train the waveform stage: real log-mel and F0 back to the recording they came from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.generator import WaveformGenerator
from hierbatch.training.loop import Losses
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import Piece, SpeakerSampler, load_batch, random_piece
from hierbatch.training.spectral_loss import SpectralLoss


class WaveformRecipe:
    """`batch_size` pieces of one second a step."""

    def __init__(self, prepared: PreparedSet, config: LiteConfig, device: str = "cpu", batch_size: int = 12) -> None:
        self.network: WaveformGenerator = WaveformGenerator(config).to(device)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.2)
        self._mel, self._loss = LogMel().to(device), SpectralLoss().to(device)
        rng = np.random.default_rng(0)
        held_out = SpeakerSampler(prepared.split("development"))
        self._held_out = [random_piece(held_out.draw(rng), 50, rng) for _ in range(32)]

    def losses(self, network: WaveformGenerator, rng: np.random.Generator) -> Losses:
        pieces = [random_piece(self._sampler.draw(rng), 50, rng) for _ in range(self._batch_size)]
        return {"spectral": self._loss_of(network, pieces, rng)}

    @torch.no_grad()
    def validate(self, network: WaveformGenerator) -> dict[str, float]:
        return {"spectral": float(self._loss_of(network, self._held_out, np.random.default_rng(0)))}

    def _loss_of(self, network: WaveformGenerator, pieces: list[Piece], rng: np.random.Generator) -> Tensor:
        batch = load_batch(self._prepared, pieces)
        wanted = torch.from_numpy(batch.audio).to(self._device)
        f0_hz, voiced = (torch.from_numpy(x).to(self._device) for x in (batch.f0_hz, batch.voiced))
        noise = torch.from_numpy(rng.standard_normal(batch.audio.shape, np.float32)).to(self._device)
        mask = torch.ones(*f0_hz.shape, 1, dtype=torch.bool, device=self._device)
        made = network(self._mel(wanted), f0_hz, voiced, noise, mask)
        loss: Tensor = self._loss(made, wanted)
        return loss
