"""Double precision, which not every device has."""

from __future__ import annotations

from torch import Tensor

_DEVICES_WITHOUT = ("mps",)


def in_double(x: Tensor) -> Tensor:
    """The numbers as float64, on their own device, or on the CPU where that has no float64. Shape: as it is."""
    return (x.cpu() if x.device.type in _DEVICES_WITHOUT else x).double()


def brought_back(x: Tensor, to: Tensor) -> Tensor:
    """The numbers in the precision and on the device of `to`. Shape: as it is."""
    return x.to(to.dtype).to(to.device)  # in this order: the device may have no float64
