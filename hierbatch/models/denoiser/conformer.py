"""The two-stage conformer of MP-SENet (Lu, Ai and Ling 2023, section 2.2).

Legend: T frames, F frequencies, C channels. Maps lie as [T, F, C].
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

_WIDENING = 4


class FeedForward(nn.Module):
    """Norm, four times wider, SiLU, back. Shape: any [..., C]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, _WIDENING * channels)
        self.narrow = nn.Linear(_WIDENING * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        hidden: Tensor = self.narrow(F.silu(self.widen(self.norm(x)), inplace=True))
        return hidden


class Attention(nn.Module):
    """Norm and self-attention along one axis of a map; the other is a batch.

    The fused kernel never holds a frames-by-frames matrix, so memory grows with the sound and not with its square.

    Shape:
        x, returns  [T, F, C]
    """

    def __init__(self, channels: int, n_heads: int, axis: int) -> None:
        super().__init__()
        self.n_heads, self.axis = n_heads, axis
        self.norm = nn.LayerNorm(channels)
        self.enter = nn.Linear(channels, 3 * channels)
        self.leave = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.enter(self.norm(x)).unflatten(-1, (3, self.n_heads, -1))
        heads = heads.movedim(self.axis, 3)  # [the other axis, 3, heads, this axis, C / heads]
        seen = F.scaled_dot_product_attention(*heads.unbind(1))
        answer: Tensor = self.leave(seen.movedim(2, self.axis).flatten(-2))
        return answer


class Convolution(nn.Module):
    """Norm, gated widening, depthwise convolution along one axis, SiLU, back. Shape: [T, F, C]."""

    def __init__(self, channels: int, kernel: int, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Conv1d(channels, _WIDENING * channels, 1)
        self.along = nn.Conv1d(2 * channels, 2 * channels, kernel, padding=kernel // 2, groups=2 * channels)
        self.batch_norm = nn.BatchNorm1d(2 * channels)
        self.narrow = nn.Conv1d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = F.glu(F.linear(self.norm(x), self.widen.weight[:, :, 0], self.widen.bias))
        wide = self.along(wide.movedim(self.axis, 2))  # [the other axis, 2C, this axis]
        wide = F.silu(self.batch_norm(wide), inplace=True).movedim(2, self.axis)
        return F.linear(wide, self.narrow.weight[:, :, 0], self.narrow.bias)


class Conformer(nn.Module):
    """Half a feed-forward, attention, convolution, the other half, norm.

    The published network hands its attention the axes the other way round than its names say, so a conformer convolves
    along the axis it is named after and attends along the other. The weights were trained so.

    Shape:
        x, returns  [T, F, C]
    """

    def __init__(self, channels: int, n_heads: int, kernel: int, axis: int) -> None:
        super().__init__()
        self.first_half = FeedForward(channels)
        self.attention = Attention(channels, n_heads, 1 - axis)
        self.convolution = Convolution(channels, kernel, axis)
        self.second_half = FeedForward(channels)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = x + 0.5 * self.first_half(x)
        x = x + self.attention(x)
        x = x + self.convolution(x)
        x = x + 0.5 * self.second_half(x)
        normed: Tensor = self.norm(x)
        return normed


class TwoStageConformer(nn.Module):
    """One conformer named after time, one after frequency, each added to what came in.

    Shape:
        x, returns  [T, F, C]
    """

    def __init__(self, channels: int, n_heads: int, kernel: int) -> None:
        super().__init__()
        self.time = Conformer(channels, n_heads, kernel, axis=0)
        self.frequency = Conformer(channels, n_heads, kernel, axis=1)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.time(x)
        refined: Tensor = x + self.frequency(x)
        return refined
