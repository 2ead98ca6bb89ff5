"""Straightforward implementation of SpeechSR in torch operators, as a baseline.

Snakes and blocks come from `plain_anti_aliased.py`, the interpolation is torch's. `benchmarks/super_resolution.py`
compares with it, and a test checks that both give the same output.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from plain_anti_aliased import PlainBlock, PlainSnake
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR


class PlainSpeechSR(nn.Module):
    """SpeechSR network that shares the weights of ours. Shape: [B, 1, N] -> [B, 1, M]."""

    def __init__(self, model: SpeechSR) -> None:
        super().__init__()
        self.ratio = float(model.config.ratio)
        self.input_projection, self.output_projection = model.input_projection, model.output_projection
        self.blocks = nn.ModuleList(PlainBlock(block) for block in model.blocks)
        self.last_snake = PlainSnake(model.last_snake)

    def forward(self, sound: Tensor) -> Tensor:
        x = self.input_projection(sound)
        x = F.interpolate(x, size=int(sound.shape[-1] * self.ratio), mode="linear")
        x = torch.stack([block(x) for block in self.blocks]).mean(dim=0)
        return torch.tanh(self.output_projection(self.last_snake(x)))
