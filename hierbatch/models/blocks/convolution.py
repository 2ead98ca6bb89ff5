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
    """`nn.Conv1d` without dilation, stride or groups, faster for short inputs on a CPU. Shape: [B, C, T]."""

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() or x.device.type != "cpu" or len(x) * x.shape[2] > _MOST_FRAMES:
            return super().forward(x)
        kernel, padding = self.kernel_size[0], int(self.padding[0])
        n_frames = x.shape[2] + 2 * padding - kernel + 1
        heard = F.pad(x, (padding, padding)).unfold(2, n_frames, 1)  # [B, C, kernel, T]
        columns = heard.permute(1, 2, 0, 3).reshape(-1, len(x) * n_frames)
        weight = self.weight.flatten(1)
        product = weight @ columns if self.bias is None else torch.addmm(self.bias[:, None], weight, columns)
        return product.unflatten(1, (len(x), n_frames)).transpose(0, 1)
