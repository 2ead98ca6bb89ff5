"""Two-stage conformer of MP-SENet (Lu, Ai and Ling 2023, section 2.2).

Legend: T frames, F frequencies, C channels. Feature maps are [T, F, C].
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

_EXPANSION = 4


class FeedForward(nn.Module):
    """Feed-forward layer: norm, expansion to four times the width, SiLU, projection. Shape: [..., C] -> [..., C]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, _EXPANSION * channels)
        self.narrow = nn.Linear(_EXPANSION * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        hidden: Tensor = self.narrow(F.silu(self.widen(self.norm(x)), inplace=True))
        return hidden


class AxialAttention(nn.Module):
    """Norm and self-attention along one axis of a feature map; the other axis is treated as a batch.

    The fused kernel never stores the attention matrix, so memory grows linearly with the length of the sound.

    Shape:
        x, returns  [T, F, C]
    """

    def __init__(self, channels: int, n_heads: int, axis: int) -> None:
        super().__init__()
        self.n_heads, self.axis = n_heads, axis
        self.norm = nn.LayerNorm(channels)
        self.input_projection = nn.Linear(channels, 3 * channels)
        self.output_projection = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.input_projection(self.norm(x)).unflatten(-1, (3, self.n_heads, -1))
        heads = heads.movedim(self.axis, 3)  # [the other axis, 3, heads, this axis, C / heads]
        attended = F.scaled_dot_product_attention(*heads.unbind(1))
        output: Tensor = self.output_projection(attended.movedim(2, self.axis).flatten(-2))
        return output


class Convolution(nn.Module):
    """Norm, gated expansion, depthwise convolution along an axis, SiLU, projection. Shape: [T, F, C] -> [T, F, C]."""

    def __init__(self, channels: int, kernel: int, axis: int) -> None:
        super().__init__()
        self.axis = axis
        self.norm = nn.LayerNorm(channels)
        self.widen = nn.Conv1d(channels, _EXPANSION * channels, 1)
        self.depthwise = nn.Conv1d(2 * channels, 2 * channels, kernel, padding=kernel // 2, groups=2 * channels)
        self.batch_norm = nn.BatchNorm1d(2 * channels)
        self.narrow = nn.Conv1d(2 * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        wide = F.glu(F.linear(self.norm(x), self.widen.weight[:, :, 0], self.widen.bias))
        wide = self.depthwise(wide.movedim(self.axis, 2))  # [the other axis, 2C, this axis]
        wide = F.silu(self.batch_norm(wide), inplace=True).movedim(2, self.axis)
        return F.linear(wide, self.narrow.weight[:, :, 0], self.narrow.bias)


class Conformer(nn.Module):
    """Conformer: half-step feed-forward, attention, convolution, half-step feed-forward, norm.

    A conformer convolves along `axis` and attends along the other axis. The published network was trained like this:
    its "time conformer" convolves along time and attends along frequency.

    Shape:
        x, returns  [T, F, C]
    """

    def __init__(self, channels: int, n_heads: int, kernel: int, axis: int) -> None:
        super().__init__()
        self.first_half = FeedForward(channels)
        self.attention = AxialAttention(channels, n_heads, 1 - axis)
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
    """Time conformer followed by a frequency conformer, each with a residual connection.

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
