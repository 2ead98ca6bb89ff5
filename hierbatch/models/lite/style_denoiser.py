"""Removal of recording conditions from a style vector.

Noise in a prompt changes its style more than a change of speaker does, and always in the same way: one direction of
the style space measures how clean a recording is. The style's component along this direction is moved towards
the value of denoised recordings; most of the differences between speakers are orthogonal to the direction.

Legend: B batch, S style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.lite.config import LiteConfig


class StyleDenoiser(nn.Module):
    """Shift of styles along the noise direction towards clean recordings; the identity before training.

    Shape:
        style    [B, S]
        shares   [B]     fraction of the way, 0 to 1, to `margin` beyond the value of clean recordings
        returns  [B, S]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.zeros(config.style_channels))
        self.target = nn.Parameter(torch.zeros(()))

    def forward(self, style: Tensor, shares: Tensor, margin: float = 0.0) -> Tensor:
        shift = shares * (self.target + margin - self.cleanness(style))
        return style + shift[:, None] * F.normalize(self.direction, dim=0)

    def cleanness(self, style: Tensor) -> Tensor:
        """Component of a style along the noise direction, larger for cleaner recordings. Shape: [B, S] -> [B]."""
        return style @ F.normalize(self.direction, dim=0)
