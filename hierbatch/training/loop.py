"""Training loop of the Lite networks: optimizer steps, learning curve, checkpoints and resuming.

A run folder holds `checkpoint.pt` (weights, their exponential moving average, optimizer state, step count and CPU time)
and `curve.jsonl` (one line per report). The same command resumes from the checkpoint. Batches and dropout are drawn
from generators seeded with the step, so a resumed run equals an uninterrupted run to the bit.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from hierbatch.models.weights.earlier_names import with_current_names
from hierbatch.training.trainer.random_state import seed_step

Losses = dict[str, Tensor]

_SEED = 1


class LiteRecipe(Protocol):
    """Protocol for a network with its batches, losses and validation metrics."""

    @property
    def network(self) -> nn.Module:
        """Module to train."""
        ...

    def losses(self, network: Any, rng: np.random.Generator) -> Losses:
        """Weighted losses of a new random batch; the loop minimizes their sum."""
        ...

    def validate(self, network: Any) -> dict[str, float]:
        """Validation metrics on a fixed set of held-out segments."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopOptions:
    """Schedule of a training run."""

    n_steps: int
    """Number of steps in the whole schedule: linear warm-up, then cosine decay to 2 % of the peak learning rate."""
    learning_rate: float = 2e-3
    """Peak learning rate."""
    warm_up_steps: int = 60
    """Number of steps until the peak learning rate."""
    weight_decay: float = 0.01
    """Decoupled weight decay of AdamW."""
    average_decay: float = 0.998
    """Decay of the moving average of weights, which is validated and exported."""
    report_steps: int = 100
    """Steps between lines of the learning curve."""
    validate_steps: int = 500
    """Steps between validations."""
    save_interval_s: float = 120.0
    """Seconds between checkpoints."""
    max_duration_s: float = math.inf
    """Stop after this many seconds; the run can be resumed."""


class LiteTrainer:
    """Trainer of a recipe in a run folder, which resumes from the folder's checkpoint if there is one.

    Args:
        recipe: network with its batches, losses and validation.
        folder: run folder; created if missing.
        options: schedule and intervals.
        log: function that receives one line per report.
    """

    def __init__(self, recipe: LiteRecipe, folder: Path, options: LoopOptions, log: Callable[[str], None]) -> None:
        self.recipe, self.folder, self.options, self._log = recipe, folder, options, log
        folder.mkdir(parents=True, exist_ok=True)
        self.network = recipe.network
        self.average = deepcopy(self.network).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(recipe), lr=options.learning_rate, betas=(0.9, 0.98), weight_decay=options.weight_decay
        )
        self.step, self.cpu_s = 0, 0.0
        self._resume()

    def run(self) -> None:
        """Train to the end of the schedule or for `max_duration_s`, and write a checkpoint in either case."""
        started, saved, used = time.monotonic(), time.monotonic(), time.process_time()
        steps: list[dict[str, float]] = []
        while self.step < self.options.n_steps and time.monotonic() - started < self.options.max_duration_s:
            seed_step(_SEED, self.step, 0)
            steps.append(self._train_step(np.random.default_rng((_SEED, self.step))))
            self.cpu_s, used = self.cpu_s + time.process_time() - used, time.process_time()
            if self.step % self.options.report_steps == 0:
                self._report("train", {name: float(np.mean([step[name] for step in steps])) for name in steps[0]})
                steps = []
            if self.step % self.options.validate_steps == 0 or self.step == self.options.n_steps:
                self._report("held_out", self.recipe.validate(self.average.eval()))
            if time.monotonic() - saved > self.options.save_interval_s:
                self._save()
                saved = time.monotonic()
        self._save()

    def _train_step(self, rng: np.random.Generator) -> dict[str, float]:
        """Run an optimizer step; returns losses and gradient norm. If a gradient is not finite, no weight changes."""
        self.network.train()
        for group in self.optimizer.param_groups:
            share = schedule(self.step, self.options, first_step=group.get("first_step", 0))
            group["lr"] = group.get("rate_factor", 1.0) * self.options.learning_rate * share
        losses = self.recipe.losses(self.network, rng)
        total = torch.stack(list(losses.values())).sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.step += 1
        decay = min(self.options.average_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for averaged, current in zip(self.average.parameters(), self.network.parameters(), strict=True):
                averaged.lerp_(current, 1 - decay)
        return {name: float(value.detach()) for name, value in losses.items()} | {"gradient": float(norm)}

    def _report(self, kind: str, figures: dict[str, float]) -> None:
        rounded = {name: round(value, 5) for name, value in figures.items()}
        line: dict[str, Any] = {"step": self.step, "cpu_s": round(self.cpu_s, 1), "kind": kind, **rounded}
        with open(self.folder / "curve.jsonl", "a", encoding="utf-8") as curve:
            curve.write(json.dumps(line) + "\n")
        self._log(f"{self.folder.name} {line}")

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "cpu_s": self.cpu_s,
        }
        temporary = self.folder / "checkpoint.tmp"
        torch.save(state, temporary)
        temporary.replace(self.folder / "checkpoint.pt")

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.is_file():
            return
        state = torch.load(path, map_location=next(self.network.parameters()).device, weights_only=True)
        self.network.load_state_dict(with_current_names(state["network"], is_lite=True))
        self.average.load_state_dict(with_current_names(state["average"], is_lite=True))
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.cpu_s = state["step"], state["cpu_s"]
        self._log(f"{self.folder.name}: resuming from step {self.step}")


def parameter_groups(recipe: LiteRecipe) -> list[dict[str, Any]]:
    """Create the parameter groups of the optimizer, by submodule.

    The `learning_rate_factors` of a recipe scale the learning rates of submodules, by name; its `first_steps` are the
    steps from which submodules are trained.
    """
    factors: Mapping[str, float] = getattr(recipe, "learning_rate_factors", {})
    first_steps: Mapping[str, int] = getattr(recipe, "first_steps", {})
    groups: dict[tuple[float, int], list[nn.Parameter]] = {}
    for name, weight in recipe.network.named_parameters():
        module = name.partition(".")[0]
        groups.setdefault((factors.get(module, 1.0), first_steps.get(module, 0)), []).append(weight)
    return [
        {"params": weights, "rate_factor": factor, "first_step": first} for (factor, first), weights in groups.items()
    ]


def load_matching_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Load the weights that match a network in name and shape; returns the names of all others in the network."""
    own = network.state_dict()
    matching = {name: value for name, value in weights.items() if name in own and value.shape == own[name].shape}
    network.load_state_dict(matching, strict=False)
    return sorted(own.keys() - matching.keys())


def schedule(step: int, options: LoopOptions, *, first_step: int = 0) -> float:
    """Fraction of the peak learning rate at a step: linear warm-up from `first_step`, then cosine decay to 0.02.

    Args:
        step: step of the whole schedule.
        options: number of steps and length of the warm-up.
        first_step: step from which the weights are trained, limited to a quarter of the schedule; before it, the rate
            is zero.
    """
    first_step = min(first_step, options.n_steps // 4)
    if step < first_step:
        return 0.0
    warm_up = min(1.0, (step - first_step + 1) / options.warm_up_steps)
    progress = (step - options.warm_up_steps) / max(1, options.n_steps - options.warm_up_steps)
    return warm_up * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, progress)))))


def averaged_weights(folder: Path) -> dict[str, Tensor]:
    """Read the moving average of the weights, which ships, from the checkpoint in a run folder."""
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    return with_current_names(state["average"], is_lite=True)
