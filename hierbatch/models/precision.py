"""Computation in double precision, also on devices without float64."""

from __future__ import annotations

from torch import Tensor

_DEVICES_WITHOUT_FLOAT64 = ("mps",)


def to_float64(x: Tensor) -> Tensor:
    """Convert to float64, on the same device or on the CPU if the device has no float64. Shape: unchanged."""
    return (x.cpu() if x.device.type in _DEVICES_WITHOUT_FLOAT64 else x).double()


def restore_dtype(x: Tensor, like: Tensor) -> Tensor:
    """Convert back to the precision and the device of `like`. Shape: unchanged."""
    return x.to(like.dtype).to(like.device)  # in this order: the device may have no float64
