"""An Apple GPU that is not there: tensors that say they lie on it, are counted on the CPU, and are never float64.

Like the real one it has no double precision and takes no operands from another device. Which operators the real one
lacks, it cannot tell.
"""

from __future__ import annotations

from contextlib import contextmanager

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("mps")
_DOUBLE = (torch.float64, torch.complex128)
_MOVES = (Tensor.to, Tensor.copy_, Tensor.__getitem__, Tensor.__setitem__, torch._has_compatible_shallow_copy_type)
"""What takes tensors of two devices."""


class PretendedTensor(Tensor):
    """Numbers of the CPU that say they are elsewhere; only inside `pretended_device`."""


class _Pretending(TorchFunctionMode):
    """Stands between the code and every function of torch."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        there = [tensor for tensor in tensors if isinstance(tensor, PretendedTensor)]
        if function == Tensor.device.__get__:
            return DEVICE if there else function(*args)
        if function is Tensor.numpy and there:
            raise TypeError("can't convert mps device type tensor to numpy")
        if there and function not in _MOVES and any(x.dim() for x in tensors if not isinstance(x, PretendedTensor)):
            raise RuntimeError(f"{function.__name__}: tensors of two devices")
        stays = bool(there)
        if function is Tensor.to:
            args, kwargs, stays = _moved(args, kwargs, stays)
        elif function is Tensor.cpu:
            stays = False
        elif "device" in kwargs:
            stays = kwargs["device"] is not None and torch.device(kwargs.pop("device")) == DEVICE
        elif function in (Tensor.copy_, Tensor.__getitem__):
            stays = isinstance(args[0], PretendedTensor)
        made = function(*_held(args), **_held(kwargs))
        return tree_map(_pretended, made) if stays else made


def _moved(args, kwargs, stays):
    """The arguments of `Tensor.to` without a device, and whether what it gives is on the pretended one."""
    values = [*args[1:], *kwargs.values()]
    for value in values:
        if isinstance(value, Tensor):
            stays = isinstance(value, PretendedTensor)
        elif isinstance(value, (str, torch.device)):
            stays = torch.device(value) == DEVICE
    dtypes = [value.dtype if isinstance(value, Tensor) else value for value in values]
    dtypes = [value for value in dtypes if isinstance(value, torch.dtype)]
    return (args[0], dtypes[0] if dtypes else args[0].dtype), {}, stays


def _held(values):
    return tree_map(lambda x: x.as_subclass(Tensor) if isinstance(x, PretendedTensor) else x, values)


def _pretended(x):
    if not isinstance(x, Tensor):
        return x
    if x.dtype in _DOUBLE:
        raise TypeError("Cannot convert an MPS Tensor to float64 dtype as the MPS framework doesn't support float64")
    return x.as_subclass(PretendedTensor)


@contextmanager
def pretended_device(monkeypatch):
    """Inside, the machine has an Apple GPU; what is made there stays there."""
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    # Modules are given new parameters: the old ones cannot become another class.
    monkeypatch.setattr(torch.__future__, "_overwrite_module_params_on_conversion", True)
    with torch.no_grad(), _Pretending():
        yield
