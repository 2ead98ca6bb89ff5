"""Masks of padded batches.

Legend: B batch, T frames or symbols, C channels. Time is the last axis in all HierSpeech++ networks: [B, C, T].
"""

from __future__ import annotations

import torch
from torch import Tensor


def frame_mask(lengths: Tensor, longest: int) -> Tensor:
    """Float mask: one within a row, zero past the row's end. Shape: lengths [B] -> [B, 1, longest]."""
    return (torch.arange(longest, device=lengths.device) < lengths[:, None])[:, None].float()
