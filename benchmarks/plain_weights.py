"""Weights under their published names, and plain layers on them, for generating golden folders.

The rule that generates a weight from its name is implemented here a second time, from its description. It deliberately
shares no code with `tools.parity.golden`, so that an error in one of them cannot hide in the other.
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


def rule_weight(key: str, shape: Sequence[int], salt: str) -> NDArray[np.generic]:
    """Deterministic weight by the rule of golden folders; the first matching line applies.

    Args:
        key: published name.
        shape: shape of the weight.
        salt: prefix of the name when seeding the generator.
    """
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
    rules: tuple[tuple[bool, Callable[[], NDArray[np.float32]]], ...] = (
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
    return next(make() for matches, make in rules if matches)


def low_pass() -> NDArray[np.float32]:
    """Kaiser-sinc filter of anti-aliased snakes: 12 taps, cutoff at 1/4 of the doubled rate, half-width 0.3, sum 1."""
    at = np.arange(12) - 5.5
    beta = 0.1102 * (2.285 * 5 * np.pi * 4 * 0.3 + 7.95 - 8.7)
    taps = 0.5 * np.sinc(0.5 * at) * i0(beta * np.sqrt(1 - (2 * np.arange(12) / 11 - 1) ** 2)) / i0(beta)
    return (taps / taps.sum()).astype(np.float32)


@dataclass(frozen=True, slots=True)
class PlainWeights:
    """State dict under published names, and functions that apply its layers by name."""

    tensors: dict[str, Tensor]
    sha256: str

    @staticmethod
    def of_rule(keys: Keys, salt: str, filters: dict[str, Tensor] | None = None) -> PlainWeights:
        """Generate all weights of a module by the rule.

        Args:
            keys: name, shape and dtype of every weight.
            salt: salt of the golden folder.
            filters: constants by the last part of their name, whose bits must equal the published ones.
        """
        digest, tensors = hashlib.sha256(), {}
        for key, shape, _ in keys:
            given = (filters or {}).get(key.split(".")[-1])
            value = rule_weight(key, shape, salt) if given is None else given.reshape(tuple(shape)).numpy()
            digest.update(key.encode() + value.tobytes())
            tensors[key] = torch.from_numpy(value)
        return PlainWeights(tensors, digest.hexdigest())

    def weight(self, name: str) -> Tensor:
        """Weight of a layer with weight norm folded: `g v / |v|`, the norm over all but the first dimension."""
        if f"{name}.weight" in self.tensors:
            return self.tensors[f"{name}.weight"]
        gain, direction = self.tensors[f"{name}.weight_g"], self.tensors[f"{name}.weight_v"]
        length = direction.flatten(1).norm(dim=1).reshape(gain.shape)
        return gain * direction / length

    def bias(self, name: str) -> Tensor | None:
        """Bias of a layer; None if it has none."""
        return self.tensors.get(f"{name}.bias")

    def conv(self, name: str, x: Tensor, *, stride: int = 1, dilation: int = 1, groups: int = 1) -> Tensor:
        """Apply a 1-D convolution with `same` padding."""
        weight = self.weight(name)
        padding = (weight.shape[2] - 1) // 2 * dilation
        return F.conv1d(x, weight, self.bias(name), stride, padding, dilation, groups)

    def conv_transpose(self, name: str, x: Tensor, stride: int) -> Tensor:
        """Apply a transposed convolution that multiplies the length by `stride`."""
        weight = self.weight(name)
        return F.conv_transpose1d(x, weight, self.bias(name), stride, (weight.shape[2] - stride) // 2)

    def linear(self, name: str, x: Tensor) -> Tensor:
        """Apply a linear layer."""
        return F.linear(x, self.weight(name), self.bias(name))

    def layer_norm(self, name: str, x: Tensor) -> Tensor:
        """Apply layer norm over the last dimension."""
        return F.layer_norm(x, x.shape[-1:], self.weight(name), self.bias(name), NORM_EPSILON)
