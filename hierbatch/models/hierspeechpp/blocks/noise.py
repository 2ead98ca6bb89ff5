"""Noise from one seed per row, so that a row's noise is independent of the rest of the batch.

Legend: B batch, C channels, T frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn


def row_noise(seeds: Sequence[int], n_channels: int, lengths: Sequence[int]) -> Tensor:
    """Standard normal noise, zero past a row's end; rows with the same seed start with the same noise.

    Args:
        seeds: one seed per row.
        n_channels: number of channels.
        lengths: number of frames in each row.

    Shape:
        returns  [B, C, T] with T the longest length
    """
    rows = [
        torch.from_numpy(np.random.default_rng(seed).standard_normal((length, n_channels), dtype=np.float32))
        for seed, length in zip(seeds, lengths, strict=True)
    ]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True).transpose(1, 2)
