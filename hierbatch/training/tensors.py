"""Conversion of the arrays of a batch to tensors on the training device.

Legend: B batch, T frames (50/s).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.models.convnext import length_mask
from hierbatch.training.sampling import SegmentBatch


def to_tensor(values: np.ndarray, device: str) -> Tensor:
    """Convert an array to a tensor on a device. Shape: unchanged."""
    return torch.from_numpy(values).to(device)


def frame_mask(batch: SegmentBatch, device: str) -> Tensor:
    """Mask that is True on the frames of each row and False on its padding. Shape: [B, T, 1]."""
    return length_mask(to_tensor(batch.lengths, device), batch.semantic.shape[1])[..., None]
