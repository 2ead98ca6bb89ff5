"""Device, precision and compilation of a model.

The text form (`cpu`, `cuda:1`, `cuda,bfloat16,compile`) appears in columns and messages. A placement is validated
without torch; each worker checks that its own machine has the device.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hierbatch.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor, nn

    Network = TypeVar("Network", bound=nn.Module)

DTYPES = ("float32", "bfloat16", "float16")
_DEVICE = re.compile(r"cpu|mps|cuda(:(0|[1-9][0-9]*))?")
_COMPILED = "compile"
_COMPILERS = ("c++", "g++", "clang++", "cl")


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePlacement:
    """Device, precision and compilation of a model.

    Weights stay in float32; `dtype` applies to matrix products and convolutions, not to norms.

    Raises:
        InputError: the device or the dtype is unknown, or they do not fit each other.
    """

    device: str = "cpu"
    dtype: str = "float32"
    is_compiled: bool = False

    def __post_init__(self) -> None:
        if not _DEVICE.fullmatch(self.device):
            raise InputError("The device is not known", expected="cpu, cuda, cuda:N or mps", got=repr(self.device))
        if self.dtype not in DTYPES:
            raise InputError("The dtype is not known", expected=", ".join(DTYPES), got=repr(self.dtype))
        if self.dtype == "float16" and self._kind == "cpu":
            raise InputError(
                "A CPU does not compute in float16", expected="float32, or bfloat16 where it has matrix tiles"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text form, as returned by `str`; raises InputError if it is invalid."""
        device, *rest = text.split(",")
        is_compiled = _COMPILED in rest
        dtypes = [part for part in rest if part != _COMPILED]
        if len(dtypes) > 1:
            raise InputError("The device is not known", expected="DEVICE[,DTYPE][,compile]", got=repr(text))
        return cls(device=device, dtype=dtypes[0] if dtypes else "float32", is_compiled=is_compiled)

    def __str__(self) -> str:
        parts = [self.device]
        if self.dtype != "float32":
            parts.append(self.dtype)
        if self.is_compiled:
            parts.append(_COMPILED)
        return ",".join(parts)

    @property
    def _kind(self) -> str:
        return self.device.partition(":")[0]

    @property
    def is_gpu(self) -> bool:
        """True if the device is a CUDA GPU, which Ray assigns to workers."""
        return self._kind == "cuda"

    @property
    def has_device_index(self) -> bool:
        """True if a particular GPU is selected."""
        return ":" in self.device

    def check_available(self) -> None:
        """Raise InputError if this machine has no such device, or lacks a C++ compiler for compilation on the CPU."""
        if self._kind == "cuda":
            import torch

            if not torch.cuda.is_available():
                raise InputError("This machine has no GPU", expected="--device cpu", got=f"--device {self.device}")
            n_gpus, number = torch.cuda.device_count(), int(self.device.partition(":")[2] or 0)
            if number >= n_gpus:
                valid = "cuda" if n_gpus == 1 else f"cuda:0 to cuda:{n_gpus - 1}"
                raise InputError(
                    "This machine has no such GPU", expected=f"--device {valid}", got=f"--device {self.device}"
                )
        elif self._kind == "mps":
            import torch

            if not torch.backends.mps.is_available():
                raise InputError(
                    "This machine has no Apple GPU", expected="--device cpu", got=f"--device {self.device}"
                )
        elif self.is_compiled and not any(shutil.which(name) for name in _COMPILERS):
            raise InputError(
                "There is no C++ compiler for --compile",
                expected=f"one of {', '.join(_COMPILERS)}",
                fix="install a C++ compiler, or leave --compile out",
            )

    def place(self, network: Network) -> Network:
        """Move a network to the device in evaluation mode and return it; compilation happens at the first call."""
        network = network.to(self.device).eval()
        if self.is_compiled:
            network.compile(dynamic=True)
        return network

    @contextmanager
    def inference_mode(self) -> Iterator[None]:
        """Context for inference in the chosen precision; outputs may have that precision too."""
        import torch

        dtype = None if self.dtype == "float32" else getattr(torch, self.dtype)
        with torch.inference_mode(), torch.autocast(self._kind, dtype=dtype, enabled=dtype is not None):
            yield

    def tensor(self, values: npt.NDArray[Any]) -> Tensor:
        """Copy an array to the device as float32."""
        import numpy as np
        import torch

        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(self.device)


def to_array(values: Tensor) -> npt.NDArray[np.float32]:
    """Copy a tensor of any device and precision to a float32 array; NumPy has no bfloat16."""
    array: npt.NDArray[np.float32] = values.float().cpu().numpy()
    return array
