"""Straightforward implementation of the anti-aliased snake and its blocks, as a baseline.

Weight norm is folded, everything runs in inference mode, and nothing is deliberately slow. The snake doubles the rate
by a transposed convolution, which also multiplies the inserted zeros. Supports a single row only.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.anti_aliased import (
    AntiAliasedBlock,
    AntiAliasedBlocks,
    AntiAliasedSnake,
    kaiser_sinc,
)

_TINY = 1e-9
Network = TypeVar("Network", bound=nn.Module)


class PlainSnake(nn.Module):
    """Upsampling by a transposed convolution, snake activation, strided downsampling. Shape: [1, C, T]."""

    def __init__(self, snake: AntiAliasedSnake) -> None:
        super().__init__()
        self.frequency = snake.log_frequency.detach().exp()[:, None]
        self.sharpness = snake.log_sharpness.detach().exp()[:, None]
        self.taps = kaiser_sinc().expand(len(self.frequency), 1, -1).contiguous()

    def forward(self, x: Tensor, _lengths: Tensor | None = None) -> Tensor:
        channels = len(self.taps)
        x = F.pad(x, (5, 5), mode="replicate")
        x = 2 * F.conv_transpose1d(x, self.taps, stride=2, groups=channels)[:, :, 15:-15]
        x = x + torch.sin(x * self.frequency) ** 2 / (self.sharpness + _TINY)
        return F.conv1d(F.pad(x, (5, 6), mode="replicate"), self.taps, stride=2, groups=channels)


class PlainBlock(nn.Module):
    """Residual block: snake, dilated convolution, snake, plain convolution; three times. Shape: [1, C, T]."""

    def __init__(self, block: AntiAliasedBlock) -> None:
        super().__init__()
        self.dilated, self.plain = block.dilated, block.plain
        self.snakes = nn.ModuleList(PlainSnake(snake) for snake in block.snakes)

    def forward(self, x: Tensor) -> Tensor:
        for index, (dilated, plain) in enumerate(zip(self.dilated, self.plain, strict=True)):
            y = dilated(self.snakes[2 * index](x))
            x = x + plain(self.snakes[2 * index + 1](y))
        return x


class PlainBlocks(nn.Module):
    """Mean over blocks of several kernel sizes. Shape: [1, C, T]."""

    def __init__(self, blocks: AntiAliasedBlocks) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(PlainBlock(block) for block in blocks.blocks)

    def forward(self, x: Tensor, _lengths: Tensor | None = None) -> Tensor:
        return torch.stack([block(x) for block in self.blocks]).mean(dim=0)


class NoSnake(nn.Module):
    """Identity in place of a snake."""

    def forward(self, x: Tensor, _lengths: Tensor) -> Tensor:
        return x.clone()

    def wave(self, x: Tensor, _ends: object) -> Tensor:
        return x[:, :, :, 5:-5].clone(memory_format=torch.preserve_format)


def plain(model: Network) -> Network:
    """Copy a network with plain snakes and blocks."""
    return _replace(_replace(model, AntiAliasedBlocks, PlainBlocks), AntiAliasedSnake, PlainSnake)


def convolutions_only(model: Network) -> Network:
    """Copy a network without its snakes, as the upper limit of any faster snake."""
    return _replace(model, AntiAliasedSnake, lambda _snake: NoSnake())


def _replace(model: Network, kind: type[nn.Module], make: Callable[..., nn.Module]) -> Network:
    copy = deepcopy(model)
    for module in list(copy.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, kind):
                setattr(module, name, make(child))
    return copy
