"""A convolution with many weights and few frames.

The library's convolution lays all its weights out anew on every call. Where frames are few that costs as much as the
sums themselves; the same sums as one product of matrices read the weights as they lie.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_MOST_FRAMES = 4096
"""Frames of a whole batch up to which the product is the faster way, by `published_text_to_vector_speed.py`."""


class WideConvolution(nn.Conv1d):
    """`nn.Conv1d` without dilation, stride or groups, faster for short inputs on a CPU.

    Weights lie as the product reads them, channel beside channel; copying into them and moving them keeps that.

    Shape:
        x        [B, C, T]
        returns  [B, C, T]
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, *, padding: int = 0, bias: bool = True
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=padding, bias=bias)
        self.weight = nn.Parameter(self.weight.detach().transpose(1, 2).contiguous().transpose(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or x.device.type != "cpu" or len(x) * x.shape[2] > _MOST_FRAMES:
            return super().forward(x)
        kernel, padding = self.kernel_size[0], int(self.padding[0])
        frames = F.pad(x, (padding, padding)).transpose(1, 2)
        heard = frames.unfold(1, kernel, 1).transpose(2, 3).flatten(2)  # [B, T, kernel C]
        return F.linear(heard, self.weight.transpose(1, 2).flatten(1), self.bias).transpose(1, 2)
