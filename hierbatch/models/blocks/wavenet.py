"""Gated convolutions with a style (van den Oord et al. 2016, WaveNet, section 2.3; as in VITS, Kim et al. 2021).

Legend: B batch, C channels, T frames, S style.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hierbatch.models.blocks.convolution import WideConvolution
from hierbatch.models.checkpoint import NameTable, Rename


class WaveNet(nn.Module):
    """Layers of one convolution whose halves gate each other; the style shifts every layer. No dilation.

    Frames past a row's end are zero before every convolution, so neighbours in a batch never change a row.

    Shape:
        x        [B, C, T]  zero where the mask is
        mask     [B, 1, T]
        style    [B, S]
        returns  [B, C, T]
    """

    def __init__(self, channels: int, kernel: int, n_layers: int, style_channels: int) -> None:
        super().__init__()
        self.conditioning = nn.Conv1d(style_channels, 2 * channels * n_layers, 1)
        self.gates = nn.ModuleList(
            WideConvolution(channels, 2 * channels, kernel, padding=kernel // 2) for _ in range(n_layers)
        )
        # The last layer has nothing to hand on.
        widths = [2 * channels] * (n_layers - 1) + [channels]
        self.sums = nn.ModuleList(nn.Conv1d(channels, width, 1) for width in widths)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        channels = x.shape[1]
        shifts = self.conditioning(style[:, :, None]).chunk(len(self.gates), dim=1)
        total = torch.zeros_like(x)
        for gate, shift, to_sums in zip(self.gates, shifts, self.sums, strict=True):
            wave, opening = (gate(x) + shift).chunk(2, dim=1)
            *handed_on, added = to_sums(torch.tanh(wave) * torch.sigmoid(opening)).split(channels, dim=1)
            if handed_on:
                x = (x + handed_on[0]) * mask
            total = total + added
        return total * mask


def wavenet_names() -> NameTable:
    """The published names of the weights, and ours."""
    return (
        Rename(r"cond_layer\.(.+)", r"conditioning.\1"),
        Rename(r"in_layers\.(.+)", r"gates.\1"),
        Rename(r"res_skip_layers\.(.+)", r"sums.\1"),
    )
