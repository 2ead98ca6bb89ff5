"""A style without the place it was recorded in.

Noise behind a prompt moves its style further than another speaker does, and always the same way: one direction of the
space of styles tells how clean a recording is. Along it every voice is set to one place, that of recordings freed of
their noise; most of what tells voices apart lies across it.

Legend: B batch, S style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.lite.config import LiteConfig


class Surroundings(nn.Module):
    """Moves styles along the direction of cleanness; before it has learned one it moves nothing.

    Shape:
        style    [B, S]
        shares   [B]     of the way, 0 to 1, to a place that lies `margin` beyond the clean one
        returns  [B, S]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.direction = nn.Parameter(torch.zeros(config.style_channels))
        self.place = nn.Parameter(torch.zeros(()))

    def forward(self, style: Tensor, shares: Tensor, margin: float = 0.0) -> Tensor:
        way = shares * (self.place + margin - self.along(style))
        return style + way[:, None] * F.normalize(self.direction, dim=0)

    def along(self, style: Tensor) -> Tensor:
        """How clean a style is. Shape: [B, S] -> [B]."""
        return style @ F.normalize(self.direction, dim=0)
