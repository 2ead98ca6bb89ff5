"""Checkpoints of a training run: safetensors and JSON, renamed when complete.

RUN/checkpoints/
  step-0001000/
    NETWORK.safetensors              weights in training, with gain and direction of weight norm
    NETWORK.average.safetensors      moving average of the weights
    OPTIMIZER.optimizer.safetensors  moments and step count of every weight
    state.json                       step, training time, skipped updates, hyperparameters of the networks
  best.json                          step and validation metric of the best checkpoint
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hierbatch.errors import InputError
from hierbatch.json_object import parse_json_object
from hierbatch.storage import staging_folder, storage_error, write_atomically

_FOLDER = re.compile(r"step-(\d+)")
_STATE, _BEST = "state.json", "best.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingState:
    """Contents of `state.json`."""

    step: int
    training_s: float
    """Time spent in training steps so far, in seconds."""
    n_skipped: Mapping[str, int]
    """Number of updates skipped because a gradient was not finite, by optimizer."""
    identity: Mapping[str, Any]
    """Identity of the recipe; a run can be resumed only with a recipe of equal identity."""


@dataclass(frozen=True, slots=True)
class KeptCheckpoints:
    """Checkpoints to keep: the last `n_last`, one every `every_steps` steps, and the best."""

    n_last: int = 3
    every_steps: int = 50_000


class CheckpointFolder:
    """Folder `checkpoints` of a run."""

    def __init__(self, run: Path, kept: KeptCheckpoints = KeptCheckpoints()) -> None:  # noqa: B008 - a frozen value
        self.folder, self._kept = run / "checkpoints", kept

    def steps(self) -> list[int]:
        """Steps of all checkpoints, in increasing order."""
        found = [_FOLDER.fullmatch(path.name) for path in self.folder.glob("step-*") if (path / _STATE).is_file()]
        return sorted(int(match[1]) for match in found if match)

    def path(self, step: int) -> Path:
        """Folder of the checkpoint of a step, which need not exist."""
        return self.folder / f"step-{step:07d}"

    def latest(self) -> Path | None:
        """Folder of the last checkpoint; None if there is none."""
        steps = self.steps()
        return self.path(steps[-1]) if steps else None

    def best(self) -> tuple[int, float] | None:
        """Step and validation metric of the best checkpoint; None if no checkpoint has been validated.

        Raises:
            InputError: the record of the best checkpoint is damaged.
        """
        try:
            found = parse_json_object((self.folder / _BEST).read_bytes())
            return int(found["step"]), float(found["figure"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(
                "The record of the best checkpoint cannot be read", got=f"{self.folder / _BEST}: {error}"[:200],
                fix="delete it: the next validation writes it again",
            ) from error  # fmt: skip

    def write(self, state: TrainingState, tensors: Mapping[str, Mapping[str, Tensor]]) -> Path:
        """Write a checkpoint; return its folder.

        Args:
            state: contents of `state.json`.
            tensors: contents of each safetensors file, by file name without suffix.

        Raises:
            StorageError: the disk is full, read-only or gone.
        """
        target = self.path(state.step)
        with staging_folder(self.folder) as staging:
            folder = staging / target.name
            folder.mkdir()
            for name, contents in tensors.items():
                _write_tensors(folder / f"{name}.safetensors", contents)
            (folder / _STATE).write_text(json.dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
            _flush(folder)
            shutil.rmtree(target, ignore_errors=True)
            os.replace(folder, target)
            _flush(self.folder)
        return target

    def mark_best(self, step: int, figure: float) -> None:
        """Record the best checkpoint so far: its step and its validation metric."""
        with write_atomically(self.folder / _BEST) as temporary:
            temporary.write_text(json.dumps({"step": step, "figure": figure}) + "\n", encoding="utf-8")

    def delete_old(self) -> None:
        """Delete old checkpoints, except the last few, the best, and those at multiples of `every_steps`."""
        steps, best = self.steps(), self.best()
        kept = set(steps[-self._kept.n_last :]) | ({best[0]} if best else set())
        for step in steps:
            if step not in kept and step % self._kept.every_steps:
                shutil.rmtree(self.path(step), ignore_errors=True)


def read_state(checkpoint: Path) -> TrainingState:
    """Read `state.json` of a checkpoint.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        return TrainingState(**parse_json_object((checkpoint / _STATE).read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(checkpoint, error) from error


def check_identity(state: TrainingState, identity: Mapping[str, Any], checkpoint: Path) -> None:
    """Check that a checkpoint was written by a recipe of the given identity.

    Args:
        state: state of the checkpoint.
        identity: identity of the recipe.
        checkpoint: folder of the checkpoint, for the message.

    Raises:
        InputError: the identities differ.
    """
    saved, identity = dict(state.identity), json.loads(json.dumps(identity))
    different = sorted(key for key in saved.keys() | identity.keys() if saved.get(key) != identity.get(key))
    if different:
        raise InputError(
            "The run folder holds a training with other settings",
            expected="; ".join(f"{key} {saved.get(key)}" for key in different),
            got="; ".join(f"{key} {identity.get(key)}" for key in different),
            fix=f"choose another run folder with --out, or delete {checkpoint.parent}",
        )


def read_tensors(checkpoint: Path, name: str) -> dict[str, Tensor]:
    """Read one safetensors file of a checkpoint.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        return load_file(checkpoint / f"{name}.safetensors")
    except (OSError, SafetensorError) as error:
        raise _damaged(checkpoint, error) from error


def optimizer_tensors(optimizer: torch.optim.Optimizer, names: Mapping[int, str]) -> dict[str, Tensor]:
    """Collect the state of an optimizer as tensors with names of the form `WEIGHT:KEY`.

    Args:
        optimizer: optimizer whose state consists of tensors for each weight.
        names: names of the weights, by the `id` of the weight.
    """
    return {
        f"{names[id(weight)]}:{key}": value for weight, state in optimizer.state.items() for key, value in state.items()
    }


def restore_optimizer(
    optimizer: torch.optim.Optimizer, names: Mapping[int, str], tensors: Mapping[str, Tensor]
) -> None:
    """Load tensors from `optimizer_tensors`; weights without such tensors keep their initial state."""
    by_weight: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        weight_name, _, key = name.rpartition(":")
        by_weight.setdefault(weight_name, {})[key] = value
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    state = {i: by_weight[names[id(weight)]] for i, weight in enumerate(weights) if names[id(weight)] in by_weight}
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def weight_names(networks: Mapping[str, nn.Module]) -> dict[int, str]:
    """Names of all weights, each prefixed with the name of its network, by the `id` of the weight."""
    return {
        id(weight): f"{network}.{name}"
        for network, module in networks.items()
        for name, weight in module.named_parameters()
    }


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, path)
    _flush(path)


def _flush(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        raise storage_error(error, path) from error
    finally:
        os.close(number)


def _damaged(checkpoint: Path, error: Exception) -> InputError:
    return InputError(
        "The checkpoint cannot be read",
        got=f"{checkpoint}: {str(error).partition(chr(10))[0]}",
        fix="delete this checkpoint to resume from the one before it",
    )
