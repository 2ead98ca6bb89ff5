"""Interface between the trainer and what it trains: networks, optimisers, batches, losses, validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

Losses = Mapping[str, Tensor]
Networks = Mapping[str, nn.Module]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSettings:
    """AdamW for the weights of one or more networks."""

    name: str
    networks: tuple[str, ...]
    """Networks whose weights it updates, by their names in the recipe."""
    learning_rate: float
    """Peak learning rate."""
    betas: tuple[float, float] = (0.8, 0.99)
    epsilon: float = 1e-9
    weight_decay: float = 0.01
    max_gradient_norm: float = 1000.0
    """Gradients are scaled down to this norm."""
    frozen: tuple[str, ...] = ()
    """Patterns of the weights that keep their values, as `generator.style.*`; each must match a whole name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sound generated during validation, with its log-mel spectrogram. Shapes: samples [L], mel [M, T]."""

    name: str
    samples: npt.NDArray[np.float32]
    rate_hz: int
    mel: npt.NDArray[np.float32]


class Recipe(Protocol):
    """A training objective.

    A step has one batch of rows for all processes. The batch is divided into parts of rows, and each process computes
    the losses of its own parts. A loss is the share of its rows in the loss of the whole step: sums are divided by the
    counts of the whole batch, so that the sum over all parts is the loss of the step, however the rows are divided.
    """

    @property
    def name(self) -> str:
        """Name in the progress line."""
        ...

    @property
    def networks(self) -> Networks:
        """Networks in training, by name."""
        ...

    @property
    def averaged(self) -> tuple[str, ...]:
        """Networks with a moving average of their weights."""
        ...

    @property
    def optimizers(self) -> Sequence[OptimizerSettings]:
        """Optimisers in the order of their updates within a step."""
        ...

    @property
    def criterion(self) -> str:
        """Validation figure by which the best checkpoint is chosen; lower is better."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """Everything that a checkpoint must agree with: sizes of the networks."""
        ...

    def learning_rate_factor(self, step: int) -> float:
        """Fraction of the peak learning rate at a step."""
        ...

    def batch(self, step: int, index: int, n_batches: int) -> Any:
        """Rows `index`, `index + n_batches`, ... of a step's batch; a function of its arguments alone."""
        ...

    def losses(self, optimizer: str, batch: Any) -> Losses:
        """Weighted losses that an optimiser minimises, as shares of the step's losses."""
        ...

    def validate(self, networks: Networks) -> Mapping[str, float]:
        """Validation figures on fixed rows with fixed noise."""
        ...

    def samples(self, networks: Networks) -> Sequence[Sample]:
        """Sounds for listening, of the same rows every time."""
        ...
