"""Comparison of network outputs with golden outputs, and the networks that golden cases run on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.blocks.anti_aliased import kaiser_sinc
from hierbatch.models.hierspeechpp.files import find_checkpoint_file
from hierbatch.models.weights.checkpoint import Checkpoint, read_checkpoint
from tools.parity.golden import GoldenCase, GoldenFolder

_CONSTANTS: Mapping[str, Callable[[int], Tensor]] = {
    "filter": lambda _n_taps: kaiser_sinc(),
    "window": torch.hann_window,
}
Network = TypeVar("Network")
Make = Callable[[Checkpoint], Network]
"""Function that builds a network from weights under their published names."""


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """One output of a case, its golden value and the largest absolute difference allowed."""

    output: str
    found: Tensor
    expected: Tensor
    tolerance: float

    @property
    def difference(self) -> float:
        """Largest absolute difference; infinite if the shapes differ."""
        if self.found.shape != self.expected.shape:
            return float("inf")
        if not self.found.numel():
            return 0.0
        return float((self.found.double() - self.expected.double()).abs().max())

    @property
    def is_met(self) -> bool:
        return self.difference <= self.tolerance


@dataclass(frozen=True, slots=True)
class MissingWeights:
    """Reason that a case cannot be run: its published weights are missing."""

    reason: str


CaseResult = Sequence[OutputCheck] | MissingWeights


@dataclass(slots=True)
class GoldenNetworks:
    """Networks of a golden folder, each built on first use."""

    folder: GoldenFolder
    weights: Path | None
    """Folder of published weights."""
    _built: dict[tuple[str, str], Any] = field(default_factory=dict)

    def with_rule_weights(self, module: str, make: Make[Network]) -> Network:
        """Build a network on the folder's rule weights, or return the network that was built for the module before.

        Raises:
            HierbatchError: the key file is damaged, or its weights do not fit the network.
        """
        if (module, "rule") not in self._built:
            checkpoint = self.folder.rule_checkpoint(module, _CONSTANTS)
            self._built[module, "rule"] = make(checkpoint)
        network: Network = self._built[module, "rule"]
        return network

    def with_published_weights(self, module: str, make: Make[Network]) -> Network | None:
        """Build a network on its published weights, or return the one built before; None if the weights are missing.

        Raises:
            HierbatchError: the weights cannot be read, or do not fit the network.
        """
        if (module, "published") not in self._built:
            path = find_checkpoint_file(self.weights, module) if self.weights else None
            self._built[module, "published"] = make(read_checkpoint(path)) if path else None
        network: Network | None = self._built[module, "published"]
        return network

    def missing_weights(self, modules: Sequence[str]) -> MissingWeights:
        """Result of a case whose published weights are missing."""
        where = self.weights or "--weights is not set, and there is no folder `weights` next to the golden one"
        return MissingWeights(f"the published weights of {', '.join(modules)} are missing ({where})")


def read_arrays(case: GoldenCase, shapes: Mapping[str, str]) -> dict[str, Tensor]:
    """Read a case's inputs and outputs as tensors.

    Args:
        case: the golden case.
        shapes: expected shape by array name, such as "B 80 T"; a letter is one size throughout the case.

    Raises:
        InputError: an array is missing, empty or has another shape.
    """
    arrays = case.arrays()
    absent = sorted(set(shapes) - set(arrays))
    if absent:
        raise InputError(f"The case has no {', '.join(absent)}")
    sizes: dict[str, int] = {}
    for name, legend in shapes.items():
        found = arrays[name].shape
        letters = legend.split()
        fits = len(found) == len(letters) and all(
            size == (int(letter) if letter.isdigit() else sizes.setdefault(letter, size))
            for letter, size in zip(letters, found, strict=True)
        )
        if not fits or not arrays[name].size:
            raise InputError(f"{name} has shape {list(found)}, wanted [{', '.join(letters)}]")
    return {name: torch.from_numpy(arrays[name]) for name in shapes}
