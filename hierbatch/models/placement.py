"""Where a model runs and how: device, precision of its products, compiled or not.

It travels as one word, since workers start on other machines: `cpu`, `cuda:1`, `cuda,bfloat16,compile`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self, TypeVar, cast

import torch
from torch import nn

from hierbatch.errors import InputError

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_COMPILED = "compile"
_COMPILERS = ("c++", "g++", "clang++", "cl")
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Weights stay in float32; with another `dtype` matrix products and convolutions are in it, sums and norms are not.

    Raises:
        InputError: no such device or dtype here, or nothing to compile with.
    """

    device: str = "cpu"
    dtype: str = "float32"
    is_compiled: bool = False

    def __post_init__(self) -> None:
        kind = self.device.partition(":")[0]
        if kind not in ("cpu", "cuda", "mps"):
            raise InputError("The device is not known", wanted="cpu, cuda, cuda:N or mps", got=repr(self.device))
        if kind == "cuda" and not torch.cuda.is_available():
            raise InputError("There is no GPU here", wanted="--device cpu", got=f"--device {self.device}")
        if kind == "mps" and not torch.backends.mps.is_available():
            raise InputError("There is no Apple GPU here", wanted="--device cpu", got=f"--device {self.device}")
        if self.dtype not in _DTYPES:
            raise InputError("The dtype is not known", wanted=", ".join(_DTYPES), got=repr(self.dtype))
        if self.dtype == "float16" and kind == "cpu":
            raise InputError(
                "A CPU does not compute in float16", wanted="float32, or bfloat16 where it has matrix tiles"
            )
        if self.is_compiled and kind == "cpu" and not any(shutil.which(name) for name in _COMPILERS):
            raise InputError(
                "There is nothing to compile with",
                wanted=f"one of {', '.join(_COMPILERS)}",
                mend="install a C++ compiler, or leave --compile out",
            )

    @classmethod
    def parse(cls, word: str) -> Self:
        """The placement in one word, as `str` gives it; raises InputError."""
        device, *rest = word.split(",")
        is_compiled = _COMPILED in rest
        dtypes = [part for part in rest if part != _COMPILED]
        if len(dtypes) > 1:
            raise InputError("The device is not known", wanted="DEVICE[,DTYPE][,compile]", got=repr(word))
        return cls(device=device, dtype=dtypes[0] if dtypes else "float32", is_compiled=is_compiled)

    def __str__(self) -> str:
        parts = [self.device]
        if self.dtype != "float32":
            parts.append(self.dtype)
        if self.is_compiled:
            parts.append(_COMPILED)
        return ",".join(parts)

    def place(self, network: Network) -> Network:
        """The network on its device, ready to run; compiled at its first call of each shape where asked for."""
        network = network.to(self.device).eval()
        return cast("Network", torch.compile(network, dynamic=True)) if self.is_compiled else network

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Inference in the chosen precision."""
        kind = self.device.partition(":")[0]
        is_lower = self.dtype != "float32"
        with torch.inference_mode(), torch.autocast(kind, dtype=_DTYPES[self.dtype], enabled=is_lower):
            yield
