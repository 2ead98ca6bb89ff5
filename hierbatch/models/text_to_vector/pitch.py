"""Pitch from semantic vectors (HierSpeech++, section III-E).

Legend: B batch, C channels, T frames (50/s), S style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.blocks.convolution import WideConvolution

_SLOPE = 0.1
_LAST_SLOPE = 0.01
_EDGE_KERNEL = 7
_N_DOUBLINGS = 2


class _ResidualBlock(nn.Module):
    """Pairs of convolutions added to what came in (Kong et al. 2020, HiFi-GAN, appendix A.1). Shape: [B, C, T]."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = kernel // 2
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=half * dilation) for dilation in dilations
        )
        self.plain = nn.ModuleList(nn.Conv1d(channels, channels, kernel, padding=half) for _ in dilations)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            x = x + plain(_leaky(dilated(_leaky(x, mask)), mask))
        return x


class _MeanOfBlocks(nn.ModuleList):
    """Blocks of several kernels that hear the same. Shape: [B, C, T]."""

    def __init__(self, channels: int, kernels: tuple[int, ...], dilations: tuple[int, ...]) -> None:
        super().__init__(_ResidualBlock(channels, kernel, dilations) for kernel in kernels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        return torch.stack([block(x, mask) for block in self]).mean(dim=0)


class PitchPredictor(nn.Module):
    """ln(F0 in Hz + 1), zero where unvoiced, at four times the frames.

    A row gives the same alone or in a padded batch, unless `hears_padding`: the published code convolves over what its
    biases make of the frames past a row's end. For comparing with it only.

    Shape:
        semantic  [B, C, T]
        mask      [B, 1, T]
        style     [B, S]
        returns   [B, 1, 4T]
    """

    def __init__(
        self,
        semantic_channels: int,
        channels: int,
        style_channels: int,
        kernels: tuple[int, ...],
        dilations: tuple[int, ...],
    ) -> None:
        super().__init__()
        half = _EDGE_KERNEL // 2
        widths = [channels // 2**i for i in range(_N_DOUBLINGS + 1)]
        self.enter = WideConvolution(semantic_channels, channels, _EDGE_KERNEL, padding=half)
        self.conditioning = nn.Conv1d(style_channels, channels, 1)
        self.doublings = nn.ModuleList(
            nn.ConvTranspose1d(width, width // 2, 4, stride=2, padding=1) for width in widths[:-1]
        )
        self.blocks = nn.ModuleList(_MeanOfBlocks(width, kernels, dilations) for width in widths[1:])
        self.leave = nn.Conv1d(widths[-1], 1, _EDGE_KERNEL, padding=half, bias=False)

    def forward(self, semantic: Tensor, mask: Tensor, style: Tensor, *, hears_padding: bool = False) -> Tensor:
        inside = None if hears_padding else mask
        x = self.enter(semantic) + self.conditioning(style[:, :, None])
        for doubling, blocks in zip(self.doublings, self.blocks, strict=True):
            x = doubling(_leaky(x, inside))
            inside = inside if inside is None else inside.repeat_interleave(2, dim=2)
            x = blocks(x, inside)
        log_f0 = self.leave(_leaky(x, inside, _LAST_SLOPE))
        return log_f0 if inside is None else log_f0 * inside


def _leaky(x: Tensor, mask: Tensor | None, slope: float = _SLOPE) -> Tensor:
    """Leaky ReLU, zero past a row's end: what a convolution with "same" padding reads there when the row is alone."""
    x = F.leaky_relu(x, slope)
    return x if mask is None else x * mask
