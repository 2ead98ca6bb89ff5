"""Published weights in published names, read with the plainest operators: what golden folders are made with.

The rule that makes a weight from its name is written here a second time, straight from its page, and on purpose shares
no line with `hierbatch.models.golden`: a slip in one of them must not be hidden by the other.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy.special import i0
from torch import Tensor

Keys = Sequence[tuple[str, Sequence[int], str]]
"""Name, shape and dtype of every entry of a state dict, in its order."""
NORM_EPSILON = 1e-5


def drawn(key: str, shape: Sequence[int], salt: str) -> NDArray[np.generic]:
    """The rule of golden folders: the first line that fits holds."""
    f, leaf = np.float32, key.split(".")[-1]
    constants: dict[str, Callable[[], NDArray[np.generic]]] = {
        "filter": lambda: low_pass().reshape(shape),
        "window": lambda: torch.hann_window(shape[0]).numpy(),
        "num_batches_tracked": lambda: np.zeros(shape, np.int64),
    }
    if leaf in constants:
        return constants[leaf]()
    generator = np.random.Generator(np.random.PCG64(zlib.crc32((salt + key).encode())))
    n = generator.standard_normal(tuple(shape)).astype(np.float32)
    gain = 0.2 if key.endswith(".post.weight") else 60.0 if key == "pp.conv_post.weight" else 0.7
    lines: tuple[tuple[bool, Callable[[], NDArray[np.float32]]], ...] = (
        (leaf == "weight_g", lambda: f(0.6) + f(0.2) * np.abs(n)),
        (leaf == "weight_v", lambda: n),
        (leaf in ("alpha", "beta", "m", "logs", "running_mean"), lambda: f(0.1) * n),
        (leaf == "gamma", lambda: f(1.0) + f(0.1) * n),
        (leaf == "running_var", lambda: f(0.8) + f(0.2) * np.abs(n)),
        (leaf == "slope", lambda: f(1.0) + f(0.2) * n),
        (leaf.endswith("bias"), lambda: f(0.05) * n),
        (len(shape) == 1, lambda: f(0.6) + f(0.15) * n),
        (leaf.startswith("emb_rel_"), lambda: f(1 / np.sqrt(shape[-1])) * n),
        (True, lambda: f(gain / np.sqrt(np.prod(shape[1:]))) * n),
    )
    return next(make() for fits, make in lines if fits)


def low_pass() -> NDArray[np.float32]:
    """The 12 Kaiser-sinc taps of anti-aliased snakes: cutoff a quarter of the doubled rate, half-width 0.3, sum one."""
    at = np.arange(12) - 5.5
    beta = 0.1102 * (2.285 * 5 * np.pi * 4 * 0.3 + 7.95 - 8.7)
    taps = 0.5 * np.sinc(0.5 * at) * i0(beta * np.sqrt(1 - (2 * np.arange(12) / 11 - 1) ** 2)) / i0(beta)
    return (taps / taps.sum()).astype(np.float32)


@dataclass(frozen=True, slots=True)
class PlainWeights:
    """A state dict in published names, and the layers that a name stands for."""

    tensors: dict[str, Tensor]
    sha256: str

    @staticmethod
    def of_rule(keys: Keys, salt: str, filters: dict[str, Tensor] | None = None) -> PlainWeights:
        """All weights of a module by the rule; `filters` are constants whose last bits must be the published ones."""
        digest, tensors = hashlib.sha256(), {}
        for key, shape, _ in keys:
            given = (filters or {}).get(key.split(".")[-1])
            value = drawn(key, shape, salt) if given is None else given.reshape(tuple(shape)).numpy()
            digest.update(key.encode() + value.tobytes())
            tensors[key] = torch.from_numpy(value)
        return PlainWeights(tensors, digest.hexdigest())

    def weight(self, name: str) -> Tensor:
        """A layer's weight, its weight norm folded: `g v / |v|`, the norm over all but the first dimension."""
        if f"{name}.weight" in self.tensors:
            return self.tensors[f"{name}.weight"]
        gain, direction = self.tensors[f"{name}.weight_g"], self.tensors[f"{name}.weight_v"]
        length = direction.flatten(1).norm(dim=1).reshape(gain.shape)
        return gain * direction / length

    def bias(self, name: str) -> Tensor | None:
        return self.tensors.get(f"{name}.bias")

    def conv(self, name: str, x: Tensor, *, stride: int = 1, dilation: int = 1, groups: int = 1) -> Tensor:
        """A convolution that keeps the length but for its stride."""
        weight = self.weight(name)
        padding = (weight.shape[2] - 1) // 2 * dilation
        return F.conv1d(x, weight, self.bias(name), stride, padding, dilation, groups)

    def widened(self, name: str, x: Tensor, stride: int) -> Tensor:
        """A transposed convolution to `stride` times the length."""
        weight = self.weight(name)
        return F.conv_transpose1d(x, weight, self.bias(name), stride, (weight.shape[2] - stride) // 2)

    def linear(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self.weight(name), self.bias(name))

    def normed(self, name: str, x: Tensor) -> Tensor:
        """Layer norm of the last dimension."""
        return F.layer_norm(x, x.shape[-1:], self.weight(name), self.bias(name), NORM_EPSILON)
