"""SpeechSR as a careful reader of the paper would write it first: the same maths in torch's own operators.

Weight norm is folded, everything runs in inference mode; nothing is done twice or slowly on purpose. The anti-aliased
snake doubles the rate with a transposed convolution, which multiplies the zeros it puts in, and the interpolation is
torch's. It is what `benchmarks/super_resolution.py` compares with, and a test holds both to the same numbers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.blocks.anti_aliased import AntiAliasedBlock, AntiAliasedSnake, kaiser_sinc
from hierbatch.models.speechsr.model import SpeechSR

_TINY = 1e-9


class PlainSnake(nn.Module):
    """Twice the rate by a transposed convolution, the snake, and back by a strided one."""

    taps: Tensor

    def __init__(self, snake: AntiAliasedSnake) -> None:
        super().__init__()
        self.frequency = snake.log_frequency.detach().exp()[:, None]
        self.sharpness = snake.log_sharpness.detach().exp()[:, None]
        self.taps = kaiser_sinc().expand(len(self.frequency), 1, -1).contiguous()

    def forward(self, x: Tensor) -> Tensor:
        channels = len(self.taps)
        x = F.pad(x, (5, 5), mode="replicate")
        x = 2 * F.conv_transpose1d(x, self.taps, stride=2, groups=channels)[:, :, 15:-15]
        x = x + torch.sin(x * self.frequency) ** 2 / (self.sharpness + _TINY)
        return F.conv1d(F.pad(x, (5, 6), mode="replicate"), self.taps, stride=2, groups=channels)


class PlainBlock(nn.Module):
    """Snake, dilated convolution, snake, plain convolution, thrice."""

    def __init__(self, block: AntiAliasedBlock) -> None:
        super().__init__()
        self.dilated, self.plain = block.dilated, block.plain
        self.snakes = nn.ModuleList(PlainSnake(snake) for snake in block.snakes)

    def forward(self, x: Tensor) -> Tensor:
        for index, (dilated, plain) in enumerate(zip(self.dilated, self.plain, strict=True)):
            y = dilated(self.snakes[2 * index](x))
            x = x + plain(self.snakes[2 * index + 1](y))
        return x


class PlainSpeechSR(nn.Module):
    """The network around the same weights. Shape: [B, 1, N] -> [B, 1, M]."""

    def __init__(self, model: SpeechSR) -> None:
        super().__init__()
        self.ratio = float(model.config.ratio)
        self.enter, self.leave = model.enter, model.leave
        self.blocks = nn.ModuleList(PlainBlock(block) for block in model.blocks)
        self.last_snake = PlainSnake(model.last_snake)

    def forward(self, sound: Tensor) -> Tensor:
        x = self.enter(sound)
        x = F.interpolate(x, size=int(sound.shape[-1] * self.ratio), mode="linear")
        x = torch.stack([block(x) for block in self.blocks]).mean(dim=0)
        return torch.tanh(self.leave(self.last_snake(x)))


class ConvolutionsOnly(nn.Module):
    """The dense convolutions alone, without snakes and interpolation: what no faster snake can pass."""

    def __init__(self, model: SpeechSR) -> None:
        super().__init__()
        self.ratio = float(model.config.ratio)
        self.enter, self.leave, self.blocks = model.enter, model.leave, model.blocks

    def forward(self, sound: Tensor) -> Tensor:
        x = self.enter(sound)
        x = F.pad(x, (0, int(sound.shape[-1] * self.ratio) - x.shape[-1]))
        outputs = []
        for block in self.blocks:
            y = x
            for dilated, plain in zip(block.dilated, block.plain, strict=True):
                y = plain(dilated(y))
            outputs.append(y)
        return self.leave(torch.stack(outputs).mean(dim=0))
