"""Averages that ignore padding."""

from __future__ import annotations

from torch import Tensor


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask` is True; 0 if it is True nowhere. Shape: values, mask of equal shape -> []."""
    return (values * mask).sum() / mask.sum().clamp_min(1)
