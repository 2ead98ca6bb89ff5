"""The synthesizer as a careful reader of the paper would write it first: the same maths in torch's own operators.

Weight norm is folded, everything runs in inference mode; nothing is done twice or slowly on purpose. The anti-aliased
snake doubles the rate with a transposed convolution, which multiplies the zeros it puts in. It is what
`benchmarks/synthesizer_speed.py` compares with, and a test holds both to the same numbers.
"""

from __future__ import annotations

from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.blocks.anti_aliased import AntiAliasedSnake, kaiser_sinc
from hierbatch.models.synthesizer.model import Synthesizer

_TINY = 1e-9


class ZeroStuffingSnake(nn.Module):
    """Twice the rate by a transposed convolution, the snake, and back by a strided one; for a single row."""

    def __init__(self, snake: AntiAliasedSnake) -> None:
        super().__init__()
        self.frequency = snake.log_frequency.detach().exp()[:, None]
        self.sharpness = snake.log_sharpness.detach().exp()[:, None]
        self.taps = kaiser_sinc().expand(len(self.frequency), 1, -1).contiguous()

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        n_samples, channels = int(lengths[0]), len(self.taps)
        held = F.pad(x[:, :, :n_samples], (5, 5), mode="replicate")
        doubled = 2 * F.conv_transpose1d(held, self.taps, stride=2, groups=channels)[:, :, 15:-15]
        waved = doubled + torch.sin(doubled * self.frequency) ** 2 / (self.sharpness + _TINY)
        halved = F.conv1d(F.pad(waved, (5, 6), mode="replicate"), self.taps, stride=2, groups=channels)
        return F.pad(halved, (0, x.shape[-1] - n_samples))


class NoSnake(nn.Module):
    """Nothing in the snake's place."""

    def forward(self, x: Tensor, _lengths: Tensor) -> Tensor:
        return x.clone()


def plain(model: Synthesizer) -> Synthesizer:
    """The same network with zero-stuffing snakes."""
    return _replaced(model, ZeroStuffingSnake)


def convolutions_only(model: Synthesizer) -> Synthesizer:
    """The network without its snakes: what no faster snake can pass."""
    return _replaced(model, lambda _snake: NoSnake())


def _replaced(model: Synthesizer, make) -> Synthesizer:  # type: ignore[no-untyped-def]
    other = deepcopy(model)
    for module in list(other.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, AntiAliasedSnake):
                setattr(module, name, make(child))
    return other
