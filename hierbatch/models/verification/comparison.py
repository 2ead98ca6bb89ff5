"""What a golden case is checked by: the numbers a network gave beside the published ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from hierbatch.errors import InputError
from hierbatch.models.blocks.anti_aliased import kaiser_sinc
from hierbatch.models.checkpoint import Checkpoint, read_checkpoint
from hierbatch.models.golden import GoldenCase, GoldenFolder
from hierbatch.models.official.files import find_official_file

_CONSTANTS: Mapping[str, Callable[[int], Tensor]] = {
    "filter": lambda _n_taps: kaiser_sinc(),
    "window": torch.hann_window,
}
Network = TypeVar("Network")
Make = Callable[[Checkpoint], Network]
"""A network from weights under their published names."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One output, and the largest absolute difference it may have."""

    output: str
    found: Tensor
    wanted: Tensor
    tolerance: float

    @property
    def difference(self) -> float:
        """Largest absolute difference; infinite where shapes differ."""
        if self.found.shape != self.wanted.shape:
            return float("inf")
        if not self.found.numel():
            return 0.0
        return float((self.found.double() - self.wanted.double()).abs().max())

    @property
    def is_met(self) -> bool:
        return self.difference <= self.tolerance


@dataclass(frozen=True, slots=True)
class NotAtHand:
    """Why a case cannot be run here."""

    why: str


Checked = Sequence[Comparison] | NotAtHand


@dataclass(slots=True)
class GoldenNetworks:
    """Networks of a golden folder, each made once."""

    folder: GoldenFolder
    weights: Path | None
    """Folder of published weights."""
    _made: dict[tuple[str, str], Any] = field(default_factory=dict)

    def by_rule(self, module: str, make: Make[Network]) -> Network:
        """The network on the folder's rule weights.

        Raises:
            HierbatchError: the weights' names are damaged, or are not those of the network.
        """
        if (module, "rule") not in self._made:
            checkpoint = self.folder.rule_checkpoint(module, _CONSTANTS)
            self._made[module, "rule"] = make(checkpoint)
        network: Network = self._made[module, "rule"]
        return network

    def published(self, module: str, make: Make[Network]) -> Network | None:
        """The network on its published weights, or None where they are not at hand.

        Raises:
            HierbatchError: the weights cannot be read, or are not those of the network.
        """
        if (module, "published") not in self._made:
            path = find_official_file(self.weights, module) if self.weights else None
            self._made[module, "published"] = make(read_checkpoint(path)) if path else None
        network: Network | None = self._made[module, "published"]
        return network

    def not_at_hand(self, modules: Sequence[str]) -> NotAtHand:
        """What to say where published weights are missing."""
        where = self.weights or "no folder given with --weights, and no folder weights beside the golden one"
        return NotAtHand(f"the published weights of {', '.join(modules)} are not at hand ({where})")


def read_arrays(case: GoldenCase, shapes: Mapping[str, str]) -> dict[str, Tensor]:
    """The arrays a case is run on and compared with.

    Args:
        case: the case.
        shapes: sizes by name, as in "B 80 T"; a letter is one size throughout the case.

    Raises:
        InputError: an array is missing or of another shape.
    """
    arrays = case.arrays()
    absent = sorted(set(shapes) - set(arrays))
    if absent:
        raise InputError(f"the case has no {', '.join(absent)}")
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
