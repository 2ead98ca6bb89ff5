"""Weight normalization (Salimans and Kingma 2016): a weight as gain and direction, w = g v / |v|.

The published networks are optimized in this form. At inference the weights are folded; training splits them, and an
export folds them again or writes gain and direction under the published names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

GAIN, DIRECTION = "parametrizations.weight.original0", "parametrizations.weight.original1"
"""Suffixes of the two tensors in the state dict of a network with weight norm."""


def normalized_layers(network: nn.Module, patterns: Sequence[str]) -> list[str]:
    """Names of the layers that have a weight and whose full name matches one of the patterns."""
    names = [name for name, layer in network.named_modules() if hasattr(layer, "weight")]
    return [name for name in names if any(re.fullmatch(pattern, name) for pattern in patterns)]


def add_weight_norm(network: nn.Module, patterns: Sequence[str]) -> None:
    """Split the weights of the matching layers into gain and direction; the network computes the same as before."""
    for name in normalized_layers(network, patterns):
        weight_norm(network.get_submodule(name), dim=0)


def fold_weight_norm(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each gain and direction in a state dict with the folded weight; other tensors are unchanged."""
    folded: dict[str, Tensor] = {}
    for name, value in weights.items():
        if name.endswith(GAIN):
            layer = name.removesuffix(GAIN)
            folded[f"{layer}weight"] = _product(value, weights[layer + DIRECTION])
        elif not name.endswith(DIRECTION):
            folded[name] = value
    return folded


def split_weight(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Gain and direction of a folded weight: the norm over all axes but the first, and the weight itself."""
    axes = tuple(range(1, weight.ndim))
    return torch.linalg.vector_norm(weight.double(), dim=axes, keepdim=True).to(weight.dtype), weight


def _product(gain: Tensor, vector: Tensor) -> Tensor:
    """Weight of a layer from its gain and direction, computed in float64."""
    norm = torch.linalg.vector_norm(vector.double(), dim=tuple(range(1, vector.ndim)), keepdim=True)
    result: Tensor = (gain.double() * vector.double() / norm).to(vector.dtype)
    return result
