"""Precision in training: weights, losses and optimisers are float32; matrix products and convolutions may be bfloat16.

Recipes leave the lower precision with `full_precision` for spectrograms, divergences, alignment and the losses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from hierbatch.errors import InputError

PRECISIONS = ("float32", "tf32", "bf16")


@dataclass(frozen=True, slots=True)
class Precision:
    """Precision of matrix products and convolutions.

    Raises:
        InputError: the name is unknown.
    """

    name: str = "float32"
    """`float32`; `tf32`, float32 with reduced products on a GPU; `bf16`, bfloat16 products."""

    def __post_init__(self) -> None:
        if self.name not in PRECISIONS:
            raise InputError("The precision is unknown", expected=", ".join(PRECISIONS), got=repr(self.name))

    def apply(self) -> None:
        """Set whether a GPU may compute float32 products in TF32."""
        torch.backends.cuda.matmul.allow_tf32 = self.name != "float32"
        torch.backends.cudnn.allow_tf32 = self.name != "float32"

    @contextmanager
    def mixed(self, device: torch.device) -> Iterator[None]:
        """Context of the forward pass."""
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.name == "bf16"):
            yield


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Context in which float32 operations stay float32. Tensors from outside may have to be converted by `float`."""
    with torch.autocast(device.type, enabled=False):
        yield
