"""Training of a recipe in a run folder, from the start or from the last checkpoint in the folder.

A resumed run equals an uninterrupted run to the bit on the same machine: batches and random choices are functions of
the seed and the step, and a checkpoint holds the weights, their averages and the state of the optimizers.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hierbatch.training.trainer.average import MovingAverage
from hierbatch.training.trainer.batches import StepBatches
from hierbatch.training.trainer.checkpoints import (
    CheckpointFolder,
    KeptCheckpoints,
    TrainingState,
    check_identity,
    optimizer_tensors,
    read_state,
    read_tensors,
    restore_optimizer,
    weight_names,
)
from hierbatch.training.trainer.curves import Curves, progress_line
from hierbatch.training.trainer.precision import Precision
from hierbatch.training.trainer.random_state import seed_step
from hierbatch.training.trainer.recipe import Losses, OptimizerSettings, Recipe
from hierbatch.training.trainer.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerOptions:
    """Schedule, intervals and precision of a run."""

    n_steps: int
    seed: int = 1
    n_accumulated: int = 1
    """Number of batches whose gradients are added up for one step, in each process."""
    is_ahead: bool | None = None
    """Create the next batch in a thread; None does so on a GPU."""
    precision: str = "float32"
    average_decay: float = 0.9995
    report_steps: int = 100
    validate_steps: int = 5000
    save_steps: int = 5000
    keep_last: int = 3
    keep_every_steps: int = 50_000
    max_duration_s: float = math.inf
    """Time in seconds after which training stops; the run can be resumed."""
    patience_steps: int | None = None
    """Stop when the validation metric has not improved for this many steps; None trains to the end."""


class Trainer:
    """Trainer of one run, with its networks, optimizers, averages, checkpoints and curves."""

    def __init__(
        self, recipe: Recipe, run: Path, options: TrainerOptions, log: Callable[[str], None] = lambda _: None
    ) -> None:
        """Load the last checkpoint of the run folder, if there is one.

        Args:
            recipe: networks with their batches and losses.
            run: run folder; created if missing.
            options: schedule and intervals.
            log: function that receives the progress lines, in the main process.

        Raises:
            InputError: the run folder has checkpoints of networks with other hyperparameters, or a damaged checkpoint.
        """
        self.recipe, self.run_folder, self.options, self._log = recipe, run, options, log
        self.world = World.current()
        self._precision = Precision(options.precision)
        self._precision.apply()
        self.device = next(next(iter(recipe.networks.values())).parameters()).device
        self.world.copy_from_main(recipe.networks.values())
        self.optimizers = {settings.name: self._optimizer(settings) for settings in recipe.optimizers}
        self.average = MovingAverage(recipe.networks, recipe.averaged, options.average_decay)
        self.checkpoints = CheckpointFolder(run, KeptCheckpoints(options.keep_last, options.keep_every_steps))
        self.step, self.training_s, self.n_skipped = 0, 0.0, Counter[str]()
        self._names = weight_names(recipe.networks)
        is_ahead = self.device.type != "cpu" if options.is_ahead is None else options.is_ahead
        self._batches = StepBatches(recipe, self.world, options.n_accumulated, is_ahead=is_ahead)
        self._resume()

    def train(self) -> None:
        """Train to the end of the schedule, until there is no further improvement, or for `max_duration_s`.

        A checkpoint is saved in each case.
        """
        curves = Curves(self.run_folder, self.step) if self.world.is_main else None
        started, reported_step, reported_s = time.monotonic(), self.step, self.training_s
        totals: dict[str, Tensor] = {}
        while self.step < self.options.n_steps and not self._is_over(started) and not self.has_converged():
            step_started = time.monotonic()
            for name, value in self._train_step().items():
                totals[name] = totals[name] + value if name in totals else value
            self.training_s += time.monotonic() - step_started
            if self._is_due(self.options.report_steps):
                n_steps, spent_s = self.step - reported_step, self.training_s - reported_s
                self._report(curves, totals, n_steps, spent_s / n_steps)
                totals, reported_step, reported_s = {}, self.step, self.training_s
            is_validated = self._is_due(self.options.validate_steps)
            if is_validated or self._is_due(self.options.save_steps):
                self.save()
            if is_validated and curves is not None:
                self._validate(curves)
            if is_validated:
                self.world.wait()
        if self.step not in self.checkpoints.steps():
            self.save()
        self._batches.close()
        if curves is not None:
            curves.close()

    def has_converged(self) -> bool:
        """True if the validation metric has not improved for `patience_steps` steps."""
        if self.options.patience_steps is None:
            return False
        best = self.checkpoints.best()
        return best is not None and self.step - best[0] >= self.options.patience_steps

    def save(self) -> None:
        """Write a checkpoint, and delete old checkpoints that need not be kept."""
        if not self.world.is_main:
            return
        tensors: dict[str, Mapping[str, Tensor]] = {
            name: network.state_dict() for name, network in self.recipe.networks.items()
        }
        tensors |= {f"{name}.average": network.state_dict() for name, network in self.average.networks.items()}
        tensors |= {
            f"{name}.optimizer": optimizer_tensors(optimizer, self._names)
            for name, optimizer in self.optimizers.items()
        }
        state = TrainingState(
            step=self.step,
            training_s=round(self.training_s, 3),
            n_skipped=dict(self.n_skipped),
            identity=self.recipe.identity,
        )
        self.checkpoints.write(state, tensors)
        self.checkpoints.delete_old()

    def _train_step(self) -> dict[str, Tensor]:
        """Run the update of every optimizer; return this process's share of the losses, and gradient norms."""
        seed_step(self.options.seed, self.step, self.world.rank)
        for network in self.recipe.networks.values():
            network.train()
        batches = self._batches.of_step(self.step)
        figures: dict[str, Tensor] = {}
        for settings in self.recipe.optimizers:
            self.optimizers[settings.name].zero_grad(set_to_none=True)
            for batch in batches:
                with self._precision.mixed(self.device):
                    losses = self.recipe.losses(settings.name, batch)
                _sum(losses).backward()
                for name, value in losses.items():
                    figures[name] = figures.get(name, 0.0) + value.detach()
            figures[f"{settings.name} gradient"] = self._update(settings) / self.world.size
        self.step += 1
        self.average.update(self.step)
        return figures

    def _update(self, settings: OptimizerSettings) -> Tensor:
        """Update the weights of one optimizer, unless a gradient is not finite; return the norm of the gradient."""
        optimizer = self.optimizers[settings.name]
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        self.world.sum_gradients(weights)
        norm = nn.utils.clip_grad_norm_(weights, settings.max_gradient_norm)
        for group in optimizer.param_groups:
            group["lr"] = self._learning_rate(settings) * _group_factor(settings, group, self.step)
        if torch.isfinite(norm):
            optimizer.step()
        else:
            self.n_skipped[settings.name] += 1
        optimizer.zero_grad(set_to_none=True)
        return norm

    def _learning_rate(self, settings: OptimizerSettings) -> float:
        return settings.learning_rate * self.recipe.learning_rate_factor(self.step)

    def _optimizer(self, settings: OptimizerSettings) -> torch.optim.AdamW:
        frozen = re.compile("|".join(f"(?:{pattern})" for pattern in settings.frozen)) if settings.frozen else None
        groups: dict[str, list[nn.Parameter]] = {}
        for network in settings.networks:
            for name, weight in self.recipe.networks[network].named_parameters():
                weight.requires_grad_(frozen is None or not frozen.fullmatch(f"{network}.{name}"))
                if weight.requires_grad:
                    submodule = "" if settings.submodule_factor is None else name.partition(".")[0]
                    groups.setdefault(submodule, []).append(weight)
        return torch.optim.AdamW(
            [{"params": weights, "submodule": submodule} for submodule, weights in groups.items()],
            lr=settings.learning_rate,
            betas=settings.betas,
            eps=settings.epsilon,
            weight_decay=settings.weight_decay,
        )

    def _report(self, curves: Curves | None, totals: Mapping[str, Tensor], n_steps: int, step_s: float) -> None:
        means = self.world.sum(torch.stack([value.float() for value in totals.values()]) / n_steps).tolist()
        if curves is None:
            return
        figures = dict(zip(totals, means, strict=True))
        rate = self._learning_rate(self.recipe.optimizers[0])
        losses = {name: value for name, value in figures.items() if not name.endswith(" gradient")}
        skipped = {f"{name} skipped": float(count) for name, count in self.n_skipped.items() if count}
        curves.add(self.step, "train", figures | {"learning rate": rate, "seconds": step_s} | skipped)
        self._log(progress_line(self.recipe.name, self.step, self.options.n_steps, losses, rate, step_s))

    def _validate(self, curves: Curves) -> None:
        networks = {**self.recipe.networks, **self.average.networks}
        for network in networks.values():
            network.eval()
        with torch.no_grad():
            figures = self.recipe.validate(networks)
            samples = self.recipe.samples(networks)
        curves.add(self.step, "validation", figures)
        curves.add_samples(self.step, samples)
        curves.write_picture()
        best = self.checkpoints.best()
        if self.recipe.criterion is not None and (best is None or figures[self.recipe.criterion] < best[1]):
            self.checkpoints.mark_best(self.step, figures[self.recipe.criterion])
            self.checkpoints.delete_old()
        shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self._log(f"{self.recipe.name}  {self.step}/{self.options.n_steps}  validation: {shown}")

    def _is_due(self, interval_steps: int) -> bool:
        return self.step % interval_steps == 0 or self.step == self.options.n_steps

    def _is_over(self, started: float) -> bool:
        if math.isinf(self.options.max_duration_s):
            return False
        return self.world.any(time.monotonic() - started > self.options.max_duration_s, self.device)

    def _resume(self) -> None:
        checkpoint = self.checkpoints.latest()
        if checkpoint is None:
            return
        state = read_state(checkpoint)
        check_identity(state, self.recipe.identity, checkpoint)
        for name, network in self.recipe.networks.items():
            network.load_state_dict(read_tensors(checkpoint, name))
        for name, network in self.average.networks.items():
            network.load_state_dict(read_tensors(checkpoint, f"{name}.average"))
        for name, optimizer in self.optimizers.items():
            restore_optimizer(optimizer, self._names, read_tensors(checkpoint, f"{name}.optimizer"))
        self.step, self.training_s, self.n_skipped = state.step, state.training_s, Counter(state.n_skipped)
        if self.world.is_main:
            self._log(f"{self.recipe.name}: resuming from step {self.step}")


def _sum(losses: Losses) -> Tensor:
    return torch.stack([value.float() for value in losses.values()]).sum()


def _group_factor(settings: OptimizerSettings, group: Mapping[str, Any], step: int) -> float:
    return 1.0 if settings.submodule_factor is None else settings.submodule_factor(group["submodule"], step)
