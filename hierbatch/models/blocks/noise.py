"""Noise that belongs to a row: from its own seed, whatever stands beside it.

Legend: B batch, C channels, T frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn


def row_noise(seeds: Sequence[int], n_channels: int, lengths: Sequence[int]) -> Tensor:
    """Standard normal numbers, zero past a row's end; a longer row of the same seed begins with the same ones.

    Shape:
        returns  [B, C, T] with T the longest length
    """
    rows = [
        torch.from_numpy(np.random.default_rng(seed).standard_normal((length, n_channels), dtype=np.float32))
        for seed, length in zip(seeds, lengths, strict=True)
    ]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True).transpose(1, 2)
