"""Style encoder: one vector for a speaker's voice from speech of any length.

Legend: B batch, T mel frames (100/s), M mel bands, C channels, S style.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hierbatch.audio.spectrum import N_MELS
from hierbatch.models.convnext import ConvNeXtBlock, length_mask
from hierbatch.models.lite.config import LiteConfig

_N_BLOCKS = 3


class LiteStyleEncoder(nn.Module):
    """Attentive statistics pooling over the prompt (Okabe et al. 2018), concatenated with plain mel statistics.

    Frames past a row's end have zero weight, so padding never changes a style.

    Shape:
        mel      [B, T, M]
        lengths  [B]  mel frames, at least 4
        returns  [B, S]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        width = config.style_width
        self.input_projection = nn.Conv1d(N_MELS, width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(ConvNeXtBlock(width, config.kernel) for _ in range(_N_BLOCKS))
        self.attention = nn.Sequential(nn.Linear(width, width // 2), nn.Tanh(), nn.Linear(width // 2, width))
        self.output_projection = nn.Linear(2 * width + 2 * N_MELS, config.style_channels)
        self.norm = nn.LayerNorm(config.style_channels)

    def forward(self, mel: Tensor, lengths: Tensor) -> Tensor:
        mask = length_mask(lengths, mel.shape[1])[..., None]
        half_mask = length_mask((lengths + 1) // 2, (mel.shape[1] + 1) // 2)[..., None]
        x = self.input_projection((mel * mask).transpose(1, 2)).transpose(1, 2)  # [B, T/2, C]
        for block in self.blocks:
            x = block(x, half_mask)
        scores = self.attention(x).masked_fill(~half_mask, -torch.inf)
        pooled = _mean_and_deviation(x, scores.softmax(dim=1))
        plain = _mean_and_deviation(mel, mask / lengths[:, None, None])
        style: Tensor = self.norm(self.output_projection(torch.cat([pooled, plain], dim=-1)))
        return style


def _mean_and_deviation(x: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean and standard deviation over time. Shape: [B, T, C] -> [B, 2 C]."""
    mean = (weights * x).sum(1)
    variance = (weights * (x - mean[:, None]) ** 2).sum(1)
    return torch.cat([mean, (variance + 1e-5).sqrt()], dim=-1)
