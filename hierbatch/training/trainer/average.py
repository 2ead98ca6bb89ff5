"""Exponential moving average of the weights of networks; the averaged networks are validated and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

import torch
from torch import nn


class MovingAverage:
    """Copies of networks whose weights are the exponential moving average of the weights in training."""

    def __init__(self, networks: Mapping[str, nn.Module], names: Sequence[str], decay: float) -> None:
        """Start from the current weights.

        Args:
            networks: networks in training, by name.
            names: networks to average.
            decay: share of the average that remains after a step; the first steps use smaller values.
        """
        self.decay = decay
        self._trained = {name: networks[name] for name in names}
        self.networks = {name: deepcopy(network).requires_grad_(False) for name, network in self._trained.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the averages towards the current weights; `step` is the number of completed steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, averaged in self.networks.items():
            average, current = averaged.state_dict(), self._trained[name].state_dict()
            floats = [key for key, value in average.items() if value.is_floating_point()]
            torch._foreach_lerp_([average[key] for key in floats], [current[key] for key in floats], 1 - decay)
