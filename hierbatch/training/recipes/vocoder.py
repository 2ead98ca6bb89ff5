"""Recipe that trains the vocoder: from recorded log-mel and F0 to the waveform."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.generator import LiteWaveformGenerator
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import SpeakerSampler, UtteranceSegment, load_batch, random_segment
from hierbatch.training.spectral_loss import SpectralLoss
from hierbatch.training.tensors import to_tensor

_SEGMENT_FRAMES = 50


class VocoderRecipe:
    """Recipe that reconstructs `batch_size` segments of 1 s per step."""

    def __init__(self, prepared: PreparedSet, config: LiteConfig, device: str = "cpu", batch_size: int = 12) -> None:
        self.network: LiteWaveformGenerator = LiteWaveformGenerator(config).to(device)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.2)
        self._mel, self._loss = LogMel().to(device), SpectralLoss().to(device)
        rng = np.random.default_rng(0)
        development = SpeakerSampler(prepared.split("development"))
        self._held_out = [random_segment(development.draw(rng), _SEGMENT_FRAMES, rng) for _ in range(32)]

    def losses(self, network: LiteWaveformGenerator, rng: np.random.Generator) -> Losses:
        segments = [random_segment(self._sampler.draw(rng), _SEGMENT_FRAMES, rng) for _ in range(self._batch_size)]
        return {"spectral": self._spectral_loss(network, segments, rng)}

    @torch.no_grad()
    def validate(self, network: LiteWaveformGenerator) -> dict[str, float]:
        return {"spectral": float(self._spectral_loss(network, self._held_out, np.random.default_rng(0)))}

    def _spectral_loss(
        self, network: LiteWaveformGenerator, segments: list[UtteranceSegment], rng: np.random.Generator
    ) -> Tensor:
        batch = load_batch(self._prepared, segments)
        target = to_tensor(batch.audio, self._device)
        f0_hz, voiced = (to_tensor(x, self._device) for x in (batch.f0_hz, batch.voiced))
        noise = to_tensor(rng.standard_normal(batch.audio.shape, np.float32), self._device)
        mask = torch.ones(*f0_hz.shape, 1, dtype=torch.bool, device=self._device)
        generated = network(self._mel(target), f0_hz, voiced, noise, mask)
        loss: Tensor = self._loss(generated, target)
        return loss
