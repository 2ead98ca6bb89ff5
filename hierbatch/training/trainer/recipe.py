"""Interface between the trainer and a recipe: networks, optimizers, batches, losses and validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

Losses = Mapping[str, Tensor]
Networks = Mapping[str, nn.Module]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerSettings:
    """Settings of AdamW for the weights of one or more networks."""

    name: str
    networks: tuple[str, ...]
    """Names of the networks, in the recipe, whose weights the optimizer updates."""
    learning_rate: float
    """Peak learning rate."""
    betas: tuple[float, float] = (0.8, 0.99)
    epsilon: float = 1e-9
    weight_decay: float = 0.01
    max_gradient_norm: float = 1000.0
    """Norm to which larger gradients are scaled down."""
    frozen: tuple[str, ...] = ()
    """Patterns of the names of weights that are not trained, such as `generator.style.*`; each matches a whole name."""
    submodule_factor: Callable[[str, int], float] | None = None
    """Function from a submodule's name and the step to a factor for its learning rate; None leaves rates unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Sound generated during validation, with its log-mel spectrogram. Shapes: samples [L], mel [M, T]."""

    name: str
    samples: npt.NDArray[np.float32]
    rate_hz: int
    mel: npt.NDArray[np.float32]


class Recipe(Protocol):
    """Protocol for a training recipe: networks with their batches, losses and validation.

    A step has one batch of rows, which is divided into parts; each process computes the losses of its own parts. The
    loss of a part is its share of the loss of the whole step: sums are divided by the counts of the whole batch, so
    that the losses of all parts add up to the loss of the step, however the rows are divided.
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
        """Optimizers in the order of their updates within a step."""
        ...

    @property
    def criterion(self) -> str | None:
        """Validation metric by which the best checkpoint is chosen; lower is better. None for the last checkpoint."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """Values that must be the same in a resumed run, such as the hyperparameters of the networks."""
        ...

    def learning_rate_factor(self, step: int) -> float:
        """Fraction of the peak learning rate at a step."""
        ...

    def batch(self, step: int, index: int, n_batches: int) -> Any:
        """Rows `index`, `index + n_batches`, ... of the batch of a step; they depend on the arguments alone."""
        ...

    def losses(self, optimizer: str, batch: Any) -> Losses:
        """Weighted losses that an optimizer minimizes, as shares of the step's losses."""
        ...

    def validate(self, networks: Networks) -> Mapping[str, float]:
        """Validation metrics on fixed rows with fixed noise."""
        ...

    def samples(self, networks: Networks) -> Sequence[Sample]:
        """Generated sounds for listening; every call uses the same rows."""
        ...
