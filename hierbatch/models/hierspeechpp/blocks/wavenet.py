"""Style-conditioned gated convolutions (WaveNet, van den Oord et al. 2016, section 2.3; as in VITS, Kim et al. 2021).

Legend: B batch, C channels, T frames, S style.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.convolution import WideConvolution
from hierbatch.models.weights.checkpoint import NameTable, Rename


class WaveNet(nn.Module):
    """Gated convolution layers without dilation, shifted by the style, with residual and skip connections.

    Frames past a row's end are zero before every convolution, so a row's output is independent of the batch.

    Shape:
        x        [B, C, T]  zero past a row's end
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
        # The last layer has no residual output.
        widths = [2 * channels] * (n_layers - 1) + [channels]
        self.residual_skip = nn.ModuleList(nn.Conv1d(channels, width, 1) for width in widths)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        channels = x.shape[1]
        shifts = self.conditioning(style[:, :, None]).chunk(len(self.gates), dim=1)
        total = torch.zeros_like(x)
        for gate, shift, to_residual_skip in zip(self.gates, shifts, self.residual_skip, strict=True):
            signal, gating = (gate(x) + shift).chunk(2, dim=1)
            *residual, skip = to_residual_skip(torch.tanh(signal) * torch.sigmoid(gating)).split(channels, dim=1)
            if residual:
                x = (x + residual[0]) * mask
            total = total + skip
        return total * mask


def wavenet_names() -> NameTable:
    """Name table of `WaveNet`."""
    return (
        Rename(r"cond_layer\.(.+)", r"conditioning.\1"),
        Rename(r"in_layers\.(.+)", r"gates.\1"),
        Rename(r"res_skip_layers\.(.+)", r"residual_skip.\1"),
    )
