"""Pitch predictor from semantic vectors (HierSpeech++, section III-C).

Legend: B batch, C channels, T frames (50/s), S style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.convolution import WideConvolution

_SLOPE = 0.1
_LAST_SLOPE = 0.01
_EDGE_KERNEL = 7
_N_DOUBLINGS = 2


class _ResidualBlock(nn.Module):
    """Residual pairs of convolutions (Kong et al. 2020, HiFi-GAN, appendix A.1). Shape: [B, C, T] -> [B, C, T]."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = kernel // 2
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=half * dilation) for dilation in dilations
        )
        self.plain = nn.ModuleList(nn.Conv1d(channels, channels, kernel, padding=half) for _ in dilations)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        for dilated, plain in zip(self.dilated, self.plain, strict=True):
            x = x + plain(_masked_leaky_relu(dilated(_masked_leaky_relu(x, mask)), mask))
        return x


class _MeanOfBlocks(nn.ModuleList):
    """Mean of blocks with different kernels. Shape: [B, C, T] -> [B, C, T]."""

    def __init__(self, channels: int, kernels: tuple[int, ...], dilations: tuple[int, ...]) -> None:
        super().__init__(_ResidualBlock(channels, kernel, dilations) for kernel in kernels)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        return torch.stack([block(x, mask) for block in self]).mean(dim=0)


class PitchPredictor(nn.Module):
    """Predictor of ln(F0 in Hz + 1), zero where unvoiced, at four values per frame.

    A row's output is independent of the batch. With `legacy_padding`, convolutions read the frames past a row's end,
    which biases make nonzero, as in the published code; only for comparison with that code.

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
        self.input_projection = WideConvolution(semantic_channels, channels, _EDGE_KERNEL, padding=half)
        self.conditioning = nn.Conv1d(style_channels, channels, 1)
        self.upsamples = nn.ModuleList(
            nn.ConvTranspose1d(width, width // 2, 4, stride=2, padding=1) for width in widths[:-1]
        )
        self.blocks = nn.ModuleList(_MeanOfBlocks(width, kernels, dilations) for width in widths[1:])
        self.output_projection = nn.Conv1d(widths[-1], 1, _EDGE_KERNEL, padding=half, bias=False)

    def forward(self, semantic: Tensor, mask: Tensor, style: Tensor, *, legacy_padding: bool = False) -> Tensor:
        row_mask = None if legacy_padding else mask
        x = self.input_projection(semantic) + self.conditioning(style[:, :, None])
        for upsample, blocks in zip(self.upsamples, self.blocks, strict=True):
            x = upsample(_masked_leaky_relu(x, row_mask))
            row_mask = row_mask if row_mask is None else row_mask.repeat_interleave(2, dim=2)
            x = blocks(x, row_mask)
        log_f0 = self.output_projection(_masked_leaky_relu(x, row_mask, _LAST_SLOPE))
        result: Tensor = log_f0 if row_mask is None else log_f0 * row_mask
        return result


def _masked_leaky_relu(x: Tensor, mask: Tensor | None, slope: float = _SLOPE) -> Tensor:
    """Leaky ReLU, set to zero past a row's end, as if each row alone had "same" padding."""
    x = F.leaky_relu(x, slope)
    return x if mask is None else x * mask
