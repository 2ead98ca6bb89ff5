"""Precision in training: weights, losses and optimizers are float32; matrix products and convolutions may be bfloat16.

Recipes compute spectrograms, divergences, alignment and losses in float32, inside `full_precision`.
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
    """`float32`; `tf32`, float32 with products of reduced precision on a GPU; or `bf16`, bfloat16 products."""

    def __post_init__(self) -> None:
        if self.name not in PRECISIONS:
            raise InputError("The precision is unknown", expected=", ".join(PRECISIONS), got=repr(self.name))

    def apply(self) -> None:
        """Allow a GPU to compute float32 products in TF32, unless the precision is `float32`."""
        torch.backends.cuda.matmul.allow_tf32 = self.name != "float32"
        torch.backends.cudnn.allow_tf32 = self.name != "float32"

    @contextmanager
    def mixed(self, device: torch.device) -> Iterator[None]:
        """Context for the forward pass, with bfloat16 products if the precision is `bf16`."""
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.name == "bf16"):
            yield


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Context in which operations run in float32; bfloat16 tensors from outside must be converted with `float`."""
    with torch.autocast(device.type, enabled=False):
        yield
