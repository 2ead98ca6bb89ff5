"""One training loop for every network: steps, curves, checkpoints, going on after a stop.

A run folder holds `checkpoint.pt` (weights, their running average, optimiser, step, random state) and `curve.jsonl`
(one line a report). The same command goes on where the last one ended.
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

Losses = dict[str, Tensor]


class Recipe(Protocol):
    """What the loop needs to know of a network and its data."""

    @property
    def network(self) -> nn.Module: ...

    def losses(self, network: Any, rng: np.random.Generator) -> Losses:
        """Weighted losses of a fresh batch; the loop minimises their sum."""
        ...

    def validate(self, network: Any) -> dict[str, float]:
        """Figures on held-out speakers, always of the same pieces."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopOptions:
    """How long and how fast to learn."""

    n_steps: int
    """Steps of the whole schedule: warm-up, then one cosine down to a fiftieth."""
    learning_rate: float = 2e-3
    """Peak rate."""
    warm_up_steps: int = 60
    """Steps to the peak rate."""
    weight_decay: float = 0.01
    """AdamW's decoupled decay."""
    average_decay: float = 0.998
    """Decay of the running average of weights that is validated and exported."""
    report_steps: int = 100
    """Steps between lines of the curve."""
    validate_steps: int = 500
    """Steps between validations."""
    save_s: float = 120.0
    """Seconds between checkpoints."""
    longest_s: float = math.inf
    """Stop (to be continued) after this many seconds."""


class Trainer:
    """Runs a recipe in a folder. `device` may be a GPU; batches come as the recipe makes them."""

    def __init__(self, recipe: Recipe, folder: Path, options: LoopOptions, tell: Callable[[str], None]) -> None:
        self.recipe, self.folder, self.options, self.tell = recipe, folder, options, tell
        folder.mkdir(parents=True, exist_ok=True)
        self.network = recipe.network
        self.average = deepcopy(self.network).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(
            rate_groups(recipe), lr=options.learning_rate, betas=(0.9, 0.98), weight_decay=options.weight_decay
        )
        self.step, self.cpu_s = 0, 0.0
        self._resume()

    def run(self) -> None:
        """Train to the end of the schedule, or until `longest_s`; a checkpoint is left either way."""
        rng = np.random.default_rng(1 + self.step)
        started, saved, used = time.monotonic(), time.monotonic(), time.process_time()
        seen: list[dict[str, float]] = []
        while self.step < self.options.n_steps and time.monotonic() - started < self.options.longest_s:
            seen.append(self._one_step(rng))
            self.cpu_s, used = self.cpu_s + time.process_time() - used, time.process_time()
            if self.step % self.options.report_steps == 0:
                self._report("train", {name: float(np.mean([line[name] for line in seen])) for name in seen[0]})
                seen = []
            if self.step % self.options.validate_steps == 0 or self.step == self.options.n_steps:
                self._report("held_out", self.recipe.validate(self.average.eval()))
            if time.monotonic() - saved > self.options.save_s:
                self._save()
                saved = time.monotonic()
        self._save()

    def _one_step(self, rng: np.random.Generator) -> dict[str, float]:
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = group.get("rate_factor", 1.0) * self.options.learning_rate * schedule(self.step, self.options)
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
            for ours, theirs in zip(self.average.parameters(), self.network.parameters(), strict=True):
                ours.lerp_(theirs, 1 - decay)
        return {name: float(value.detach()) for name, value in losses.items()} | {"gradient": float(norm)}

    def _report(self, kind: str, figures: dict[str, float]) -> None:
        rounded = {name: round(value, 5) for name, value in figures.items()}
        line: dict[str, Any] = {"step": self.step, "cpu_s": round(self.cpu_s, 1), "kind": kind, **rounded}
        with open(self.folder / "curve.jsonl", "a", encoding="utf-8") as curve:
            curve.write(json.dumps(line) + "\n")
        self.tell(f"{self.folder.name} {line}")

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "cpu_s": self.cpu_s,
        }
        aside = self.folder / "checkpoint.tmp"
        torch.save(state, aside)
        aside.replace(self.folder / "checkpoint.pt")

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        if not path.is_file():
            return
        state = torch.load(path, map_location=next(self.network.parameters()).device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.cpu_s = state["step"], state["cpu_s"]
        self.tell(f"{self.folder.name}: going on from step {self.step}")


def rate_groups(recipe: Recipe) -> list[dict[str, Any]]:
    """The network's weights; those that a recipe's `rate_factors` names, by first name, learn at rates of their own."""
    factors: Mapping[str, float] = getattr(recipe, "rate_factors", {})
    groups: dict[float, list[nn.Parameter]] = {}
    for name, weight in recipe.network.named_parameters():
        groups.setdefault(factors.get(name.partition(".")[0], 1.0), []).append(weight)
    return [{"params": weights, "rate_factor": factor} for factor, weights in groups.items()]


def start_from(network: nn.Module, weights: Mapping[str, Tensor]) -> list[str]:
    """Give a network the weights of the same name and shape; the names it keeps as they are, being new, come back."""
    own = network.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and value.shape == own[name].shape}
    network.load_state_dict(fitting, strict=False)
    return sorted(own.keys() - fitting.keys())


def schedule(step: int, options: LoopOptions) -> float:
    """Share of the peak rate: linear warm-up, then one cosine down to a fiftieth."""
    if step < options.warm_up_steps:
        return (step + 1) / options.warm_up_steps
    progress = (step - options.warm_up_steps) / max(1, options.n_steps - options.warm_up_steps)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def averaged_weights(folder: Path) -> dict[str, Tensor]:
    """The running average of weights in a run folder, which is what ships."""
    state = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    weights: dict[str, Tensor] = state["average"]
    return weights
