"""Where the rows of a padded batch end.

Legend: B batch, T frames or symbols, C channels. All networks of the published system keep time last: [B, C, T].
"""

from __future__ import annotations

import torch
from torch import Tensor


def length_mask(lengths: Tensor, longest: int) -> Tensor:
    """One where a row has frames, zero past its end. Shape: lengths [B] -> float [B, 1, longest]."""
    return (torch.arange(longest, device=lengths.device) < lengths[:, None])[:, None].float()
