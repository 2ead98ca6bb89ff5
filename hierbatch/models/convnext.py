"""One-dimensional ConvNeXt blocks with optional style conditioning, for Lite, SpeechSR-Lite and the prosody network.

Legend: B batch, T frames or symbols, C channels, S style. Masks are True where valid.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EXPANSION = 3
_LAYER_SCALE = 0.1


def length_mask(lengths: Tensor, longest: int) -> Tensor:
    """Boolean mask: True within a row, False past its end. Shape: lengths [B] -> [B, longest]."""
    return torch.arange(longest, device=lengths.device)[None] < lengths[:, None]


class StyledNorm(nn.Module):
    """Layer norm, adaptive if there is a style (conditional layer norm, Chen et al. 2021, AdaSpeech, section 2.3).

    Shape:
        x       [B, T, C]
        style   [B, S], or None if constructed without `style_channels`
        returns [B, T, C]
    """

    def __init__(self, channels: int, style_channels: int | None) -> None:
        super().__init__()
        self.channels = channels
        self.norm = nn.LayerNorm(channels, elementwise_affine=style_channels is None)
        self.modulation = None if style_channels is None else nn.Linear(style_channels, 2 * channels)
        if self.modulation is not None:
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        x = self.norm(x)
        if self.modulation is None:
            return x
        scale, shift = self.modulation(style).unsqueeze(1).chunk(2, dim=-1)
        return torch.addcmul(shift, x, 1 + scale)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, norm, MLP with threefold expansion, residual connection (Liu et al. 2022, section 2).

    Frames past a row's end are zeroed before the convolution, so a row's output is independent of the batch.

    Shape:
        x       [B, T, C]
        mask    [B, T, 1]  bool
        style   [B, S], or None if constructed without `style_channels`
        returns [B, T, C]
    """

    def __init__(self, channels: int, kernel: int, style_channels: int | None = None) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.norm = StyledNorm(channels, style_channels)
        self.widen = nn.Linear(channels, _EXPANSION * channels)
        self.narrow = nn.Linear(_EXPANSION * channels, channels)
        self.layer_scale = nn.Parameter(torch.full((channels,), _LAYER_SCALE))

    def forward(self, x: Tensor, mask: Tensor, style: Tensor | None = None) -> Tensor:
        hidden = (x * mask).transpose(1, 2)  # [B, T, C] -> [B, C, T]
        hidden = self.depthwise(hidden).transpose(1, 2)  # -> [B, T, C]
        hidden = self.narrow(F.gelu(self.widen(self.norm(hidden, style))))
        return torch.addcmul(x, hidden, self.layer_scale)


class ConvNeXtStack(nn.Module):
    """Stack of ConvNeXt blocks between an input and an output projection.

    Shape:
        x        [B, T, in_channels]
        mask     [B, T, 1]  bool
        style    [B, S], or None if constructed without `style_channels`
        addition [B, T, channels]  added to the projected input, if given
        returns  [B, T, out_channels]
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        out_channels: int,
        *,
        n_blocks: int,
        kernel: int,
        style_channels: int | None = None,
    ) -> None:
        super().__init__()
        self.input_projection = nn.Linear(in_channels, channels)
        self.blocks = nn.ModuleList(ConvNeXtBlock(channels, kernel, style_channels) for _ in range(n_blocks))
        self.norm = StyledNorm(channels, style_channels)
        self.output_projection = nn.Linear(channels, out_channels)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor | None = None, addition: Tensor | None = None) -> Tensor:
        x = self.input_projection(x) if addition is None else self.input_projection(x) + addition
        for block in self.blocks:
            x = block(x, mask, style)
        result: Tensor = self.output_projection(self.norm(x, style))
        return result
