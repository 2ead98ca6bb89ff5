"""Recipe that trains SpeechSR-Lite: bandwidth extension from 16 kHz to the bandwidth of full-band recordings.

Legend: B batch, L samples at 48 kHz.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
from hierbatch.models.upsampling.lite.model import SpeechSRLite
from hierbatch.training.full_band import FullBandBatch, FullBandClip, draw_full_band_batch
from hierbatch.training.high_band_loss import HighBandLoss
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.tensors import to_tensor

_SEGMENT_SAMPLES = 48_000
_EDGE_SAMPLES = 2_400
"""Number of samples left out of the loss at both ends, where changes in the frequency domain wrap around."""


class SpeechSRLiteRecipe:
    """Recipe that trains on `batch_size` segments of 1 s per step; speakers are equally likely."""

    def __init__(
        self, clips: list[FullBandClip], config: SpeechSRLiteConfig, device: str = "cpu", batch_size: int = 12
    ) -> None:
        self.network = SpeechSRLite(config).to(device)
        self._device, self._batch_size = device, batch_size
        self._clips = [clip for clip in clips if not clip.is_held_out]
        self._loss = HighBandLoss().to(device)
        held_out = [clip for clip in clips if clip.is_held_out]
        self._held_out = draw_full_band_batch(held_out, 32, _SEGMENT_SAMPLES, np.random.default_rng(0))

    def losses(self, network: SpeechSRLite, rng: np.random.Generator) -> Losses:
        batch = draw_full_band_batch(self._clips, self._batch_size, _SEGMENT_SAMPLES, rng)
        return {"high_band": self._high_band_loss(network, batch)}

    @torch.no_grad()
    def validate(self, network: SpeechSRLite) -> dict[str, float]:
        return {"high_band": float(self._high_band_loss(network, self._held_out))}

    def _high_band_loss(self, network: SpeechSRLite, batch: FullBandBatch) -> Tensor:
        generated, target, bandwidth_hz = upsample_batch(network, batch, self._device)
        loss: Tensor = self._loss(generated, target, bandwidth_hz)
        return loss


def upsample_batch(network: SpeechSRLite, batch: FullBandBatch, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return generated and recorded audio without edges, and the recorded bandwidths. Shape: [B, L], [B, L], [B]."""
    target, narrowband, bandwidth_hz = (
        to_tensor(x, device) for x in (batch.target, batch.narrowband, batch.bandwidth_hz)
    )
    inner = slice(_EDGE_SAMPLES, -_EDGE_SAMPLES)
    return network(narrowband[:, None])[:, 0, inner], target[:, inner], bandwidth_hz
