"""Convolution for layers with many weights and few frames.

torch's convolution reorders all its weights on every call. With few frames, the reordering takes as long as the
convolution itself; a single matrix product computes the same sums and reads the weights in their stored order.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_MAX_FRAMES = 4096
"""Maximum number of frames in a batch for the matrix product; measured by `benchmarks/text_to_vector_speed.py`."""


class WideConvolution(nn.Conv1d):
    """`nn.Conv1d` without dilation, stride or groups, faster for short inputs on a CPU.

    Weights are stored channels-last, the order in which the matrix product reads them; loading weights and moving them
    to a device keep this order.

    Shape:
        x        [B, in_channels, T]
        returns  [B, out_channels, T + 2 * padding - kernel_size + 1]
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, *, padding: int = 0, bias: bool = True
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=padding, bias=bias)
        self.weight = nn.Parameter(self.weight.detach().transpose(1, 2).contiguous().transpose(1, 2))

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or x.device.type != "cpu" or len(x) * x.shape[2] > _MAX_FRAMES:
            return super().forward(x)
        kernel, padding = self.kernel_size[0], int(self.padding[0])
        frames = F.pad(x, (padding, padding)).transpose(1, 2)
        windows = frames.unfold(1, kernel, 1).transpose(2, 3).flatten(2)  # [B, T, kernel C]
        return F.linear(windows, self.weight.transpose(1, 2).flatten(1), self.bias).transpose(1, 2)
