"""Recipes of the Lite networks, and the adapter by which the trainer runs them.

A phase trains one module with one optimizer. Its batches are drawn from a generator seeded with the step, so a resumed
run equals an uninterrupted run to the bit on the same machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from hierbatch.errors import InputError
from hierbatch.models.weights.checkpoint import UNREADABLE_ERRORS
from hierbatch.models.weights.earlier_names import with_current_names
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_tensors
from hierbatch.training.trainer.recipe import Networks, OptimizerSettings, Sample

Losses = dict[str, Tensor]

PHASE_SEED = 1
MODEL = "model"
"""Name, in the checkpoints of a phase, of its network and of its optimizer."""

_EARLIER_CHECKPOINT = "checkpoint.pt"


class PhaseRecipe(Protocol):
    """Protocol for a network with its batches, losses and validation metrics.

    Three attributes are optional: `learning_rate_factors`, factors by submodule name; `first_steps`, the first step
    at which a submodule is trained, by name; and `begin_step(step)`, a method to be called before each step.
    """

    @property
    def network(self) -> nn.Module:
        """Module to train."""
        ...

    def losses(self, network: Any, rng: np.random.Generator) -> Losses:
        """Weighted losses of a new random batch; the trainer minimizes their sum."""
        ...

    def validate(self, network: Any) -> dict[str, float]:
        """Validation metrics on a fixed set of held-out segments."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSchedule:
    """Optimization of a phase: linear warm-up, then cosine decay to 2 % of the peak learning rate."""

    n_steps: int
    """Number of steps in the whole schedule."""
    learning_rate: float = 2e-3
    """Peak learning rate."""
    warm_up_steps: int = 60
    """Number of steps until the peak learning rate."""
    weight_decay: float = 0.01
    """Decoupled weight decay of AdamW."""

    def factor(self, step: int) -> float:
        """Fraction of the peak learning rate at a step."""
        progress = (step - self.warm_up_steps) / max(1, self.n_steps - self.warm_up_steps)
        decay = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress))))
        return self.warm_up(step) * decay

    def warm_up(self, step: int) -> float:
        """Factor of the warm-up at a step, which rises linearly to 1."""
        return min(1.0, (step + 1) / self.warm_up_steps)


class OneNetworkRecipe:
    """Adapter of a phase's recipe to the interface of the trainer."""

    averaged = (MODEL,)
    criterion = None

    def __init__(self, name: str, phase: PhaseRecipe, schedule: PhaseSchedule) -> None:
        """Wrap a recipe.

        Args:
            name: name of the phase.
            phase: network with its batches and losses.
            schedule: schedule of the optimization.
        """
        self.name, self.phase, self.schedule = name, phase, schedule
        self.networks: dict[str, nn.Module] = {MODEL: phase.network}
        fixed = [key for key, weight in phase.network.named_parameters() if not weight.requires_grad]
        self.optimizers: Sequence[OptimizerSettings] = (
            OptimizerSettings(
                name=MODEL,
                networks=(MODEL,),
                learning_rate=schedule.learning_rate,
                betas=(0.9, 0.98),
                epsilon=1e-8,
                weight_decay=schedule.weight_decay,
                max_gradient_norm=1.0,
                frozen=tuple(re.escape(f"{MODEL}.{key}") for key in fixed),
                submodule_factor=self._submodule_factor,
            ),
        )
        self.identity: Mapping[str, Any] = {
            "phase": name,
            "n_weights": sum(weight.numel() for weight in phase.network.parameters()),
        }

    def learning_rate_factor(self, step: int) -> float:
        """Fraction of the peak learning rate at a step."""
        return self.schedule.factor(step)

    def batch(self, step: int, index: int, n_batches: int) -> tuple[int, np.random.Generator, int]:
        """The step, a generator from which the phase draws its batch, and the number of batches of the step."""
        seed = (PHASE_SEED, step) if n_batches == 1 else (PHASE_SEED, step, index)
        return step, np.random.default_rng(seed), n_batches

    def losses(self, optimizer: str, batch: tuple[int, np.random.Generator, int]) -> Losses:
        """Losses of a batch, as shares of the step's losses."""
        step, rng, n_batches = batch
        begin_step = getattr(self.phase, "begin_step", None)
        if begin_step is not None:
            begin_step(step)
        losses = self.phase.losses(self.networks[MODEL], rng)
        return losses if n_batches == 1 else {name: value / n_batches for name, value in losses.items()}

    def validate(self, networks: Networks) -> dict[str, float]:
        """Metrics of the averaged network."""
        return self.phase.validate(networks[MODEL])

    def samples(self, networks: Networks) -> Sequence[Sample]:
        """No sounds: most phases predict content or spectra."""
        return ()

    def _submodule_factor(self, submodule: str, step: int) -> float:
        """Learning-rate factor of a submodule, with its own warm-up; 0 before its first step, at most `n_steps / 4`."""
        factors: Mapping[str, float] = getattr(self.phase, "learning_rate_factors", {})
        first_steps: Mapping[str, int] = getattr(self.phase, "first_steps", {})
        first_step = min(first_steps.get(submodule, 0), self.schedule.n_steps // 4)
        if first_step == 0:
            return factors.get(submodule, 1.0)
        if step < first_step:
            return 0.0
        warm_up = self.schedule.warm_up(step - first_step) / self.schedule.warm_up(step)
        return factors.get(submodule, 1.0) * warm_up


def load_matching_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Load the weights that match a network in name and shape; return the names of the network's other weights."""
    own = network.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and value.shape == own[name].shape}
    network.load_state_dict(fitting, strict=False)
    return sorted(own.keys() - fitting.keys())


def has_averaged_weights(folder: Path) -> bool:
    """True if a run folder has a checkpoint."""
    return CheckpointFolder(folder).latest() is not None or (folder / _EARLIER_CHECKPOINT).is_file()


def averaged_weights(folder: Path) -> dict[str, Tensor]:
    """Read the averaged weights from the last checkpoint of a run folder.

    Raises:
        InputError: there is no checkpoint, or it is damaged.
    """
    checkpoint = CheckpointFolder(folder).latest()
    if checkpoint is not None:
        return read_tensors(checkpoint, f"{MODEL}.average")
    path = folder / _EARLIER_CHECKPOINT
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return with_current_names(state["average"], is_lite=True)
    except UNREADABLE_ERRORS as error:
        raise InputError(
            f"There is no readable checkpoint in {folder}",
            expected="the folder of a training phase with a checkpoint",
            got=str(error) if path.is_file() else "none",
            fix="train the phase first, or correct the path",
        ) from error
