"""Initial weights of a network for training, from a bundle, a published checkpoint, or another training run.

Weights with the same name and shape are loaded, whether weight norm is folded or not; other weights of the network keep
their initial values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from hierbatch.models.weights.checkpoint import Checkpoint, NameTable, Rename
from hierbatch.models.weights.weight_norm import DIRECTION, GAIN, split_weight

_PUBLISHED_GAIN, _PUBLISHED_DIRECTION = ".weight_g", ".weight_v"


def take_weights(network: nn.Module, weights: Mapping[str, Tensor], patterns: Sequence[str] = (".*",)) -> list[str]:
    """Load the weights that match a network, and return the names of the network's weights that were not loaded.

    Args:
        network: network to fill.
        weights: state dict, with weight norm folded or not.
        patterns: patterns of the names to load, in the form that names have when weight norm is folded.
    """
    own, found = network.state_dict(), dict[str, Tensor]()
    for name, value in _split_like(weights, own).items():
        plain = name.replace(GAIN, "weight").replace(DIRECTION, "weight")
        is_wanted = any(re.fullmatch(pattern, plain) for pattern in patterns)
        if is_wanted and name in own and own[name].shape == value.shape:
            found[name] = value
    network.load_state_dict(found, strict=False)
    return sorted(own.keys() - found.keys())


def rename_published(checkpoint: Checkpoint, table: NameTable) -> dict[str, Tensor]:
    """Rename a published checkpoint's weights, gains and directions included, by `table`; drop unknown names."""
    renamed: dict[str, Tensor] = {}
    for name, value in checkpoint.weights.items():
        for suffix, leaf in ((_PUBLISHED_GAIN, GAIN), (_PUBLISHED_DIRECTION, DIRECTION)):
            if name.endswith(suffix):
                target = _target(f"{name.removesuffix(suffix)}.weight", table)
                if target is not None:
                    renamed[f"{target.removesuffix('weight')}{leaf}"] = value
                break
        else:
            target = _target(name, table)
            if target is not None:
                renamed[target] = value
    return renamed


def _target(name: str, table: NameTable) -> str | None:
    for entry in table:
        if found := re.fullmatch(entry.pattern, name):
            return found.expand(entry.target) if isinstance(entry, Rename) else None
    return None


def _split_like(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Split folded weights into gain and direction where the network has weight norm."""
    split: dict[str, Tensor] = {}
    for name, value in weights.items():
        layer = name.removesuffix("weight")
        if name.endswith("weight") and f"{layer}{GAIN}" in own:
            split[f"{layer}{GAIN}"], split[f"{layer}{DIRECTION}"] = split_weight(value)
        else:
            split[name] = value
    return split
