"""Train the light SpeechSR: 16 kHz to the top of full-band recordings."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.models.speechsr_lite.config import SpeechSRLiteConfig
from hierbatch.models.speechsr_lite.model import SpeechSRLite
from hierbatch.training.full_band import FullBandClip, Lesson, draw_lesson
from hierbatch.training.loop import Losses
from hierbatch.training.top_band_loss import TopBandLoss

_PIECE_SAMPLES = 48_000
_EDGE_SAMPLES = 2_400
"""Left out at both ends, where a piece cut from a spectrum wraps around."""


class SpeechSRLiteRecipe:
    """`batch_size` pieces of one second a step, as many of each speaker."""

    def __init__(
        self, clips: list[FullBandClip], config: SpeechSRLiteConfig, device: str = "cpu", batch_size: int = 12
    ) -> None:
        self.network = SpeechSRLite(config).to(device)
        self._device, self._batch_size = device, batch_size
        self._clips = [clip for clip in clips if not clip.is_held_out]
        self._loss = TopBandLoss().to(device)
        held_out = [clip for clip in clips if clip.is_held_out]
        self._held_out = draw_lesson(held_out, 32, _PIECE_SAMPLES, np.random.default_rng(0))

    def losses(self, network: SpeechSRLite, rng: np.random.Generator) -> Losses:
        return {"top": self._loss_of(network, draw_lesson(self._clips, self._batch_size, _PIECE_SAMPLES, rng))}

    @torch.no_grad()
    def validate(self, network: SpeechSRLite) -> dict[str, float]:
        return {"top": float(self._loss_of(network, self._held_out))}

    def _loss_of(self, network: SpeechSRLite, lesson: Lesson) -> Tensor:
        made, wanted, top_hz = upsampled(network, lesson, self._device)
        loss: Tensor = self._loss(made, wanted, top_hz)
        return loss


def upsampled(network: SpeechSRLite, lesson: Lesson, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Made and recorded sound without the edges, and up to where the recordings go. Shape: twice [B, L], [B]."""
    wanted, heard, top_hz = (
        torch.from_numpy(values).to(device) for values in (lesson.wanted, lesson.heard, lesson.top_hz)
    )
    inner = slice(_EDGE_SAMPLES, -_EDGE_SAMPLES)
    return network(heard[:, None])[:, 0, inner], wanted[:, inner], top_hz
