"""Training of a network of the published structure from a configuration, in one process or in several on Ray."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hierbatch.engine.ray_settings import configure_ray_environment
from hierbatch.errors import BundleError, HierbatchError, InputError
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.models.weights.checkpoint import read_checkpoint
from hierbatch.models.weights.start_weights import rename_published, take_weights
from hierbatch.toml_config import read_config
from hierbatch.training.config_file import find_config
from hierbatch.training.hierspeechpp.catalog import RecipeInputs, RecipeKind, discriminator_table, find_recipe
from hierbatch.training.perturbed_features import has_perturbed_features
from hierbatch.training.run_folder import write_run
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_tensors
from hierbatch.training.trainer.recipe import Recipe
from hierbatch.training.trainer.trainer import Trainer
from hierbatch.training.trainer.world import World

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainNetworkJob:
    """Network to train, its data, and values of the command line that replace those of the configuration."""

    recipe: str
    """A key of `RECIPES`."""
    data: Path
    out: Path
    """Run folder; an existing run is resumed."""
    config: str | None = None
    """A TOML file, or the name of a packaged configuration; None takes that of the published network."""
    recordings: Path | None = None
    n_steps: int | None = None
    device: str = "cpu"
    precision: str | None = None
    n_threads: int = 1
    n_workers: int = 1
    """Number of processes that share each batch; several processes run on Ray."""
    max_duration_s: float | None = None
    start: str | None = None
    """Source of the initial weights: a run folder, a bundle or a checkpoint file; None initializes at random."""
    start_discriminators: Path | None = None
    """Published checkpoint that provides the initial weights of the discriminators."""
    start_only: tuple[str, ...] = (".*",)
    """Regular expressions for the names of the weights that are taken from `start`."""
    preset: str = "all"
    """Name of the set of weights that is trained; see `RecipeKind.presets`."""


def train_network(job: TrainNetworkJob, log: Log) -> None:
    """Train a network, or resume its training.

    Raises:
        InputError: an option, the configuration or the data cannot be used.
        BundleError: the start weights cannot be read.
        StorageError: the disk is full, read-only or gone.
    """
    kind = find_recipe(job.recipe)
    if job.preset not in kind.presets:
        raise InputError(
            "The preset is unknown", expected=", ".join(kind.presets), got=repr(job.preset), fix="correct --preset"
        )
    _check_patterns(job.start_only)
    DevicePlacement(device=job.device).check_available()
    configured(job)  # faults of the configuration are found before any process starts
    if job.n_workers > 1:
        configure_ray_environment(os.environ.get("RAY_ADDRESS", ""))  # before Ray is imported
        from hierbatch.training.ray_training import train_in_workers

        train_in_workers(run_process, job, job.n_workers, job.out, log, uses_gpu=job.device != "cpu")
        return
    run_process(job, log)


def run_process(job: TrainNetworkJob, log: Log) -> None:
    """Train in this process, which may be one of several that share the batches.

    Raises:
        InputError, BundleError, StorageError: as in `train_network`.
    """
    torch.set_num_threads(job.n_threads)
    kind, config = find_recipe(job.recipe), configured(job)
    inputs = RecipeInputs(data=job.data, recordings=job.recordings, device=job.device, preset=job.preset)
    recipe = make_network_recipe(kind, config, inputs)
    if job.recipe == "synthesizer" and not has_perturbed_features(job.data):
        log("no perturbed features: the prior sees the speaker. `hierbatch train perturb` computes them")
    if CheckpointFolder(job.out).latest() is None:
        load_start(job, kind, config, recipe, log)
    changes: dict[str, Any] = {} if job.max_duration_s is None else {"max_duration_s": job.max_duration_s}
    trainer = Trainer(recipe, job.out, config.run.options(**changes), log)  # refuses a run of another network
    if World.current().is_main:
        write_run(job.out, config, {"recipe": job.recipe, "data": str(job.data), "start": job.start or ""})
    trainer.train()


def _check_patterns(patterns: Sequence[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(
                "The pattern of the weights cannot be read", expected="a regular expression",
                got=f"{pattern[:60]!r}: {error}", fix="correct --start-only",
            ) from error  # fmt: skip


def make_network_recipe(kind: RecipeKind, config: Any, inputs: RecipeInputs) -> Recipe:
    """Make the recipe of a configuration, with its networks.

    Raises:
        InputError: the values of the configuration are inconsistent, or the networks do not fit into memory.
    """
    try:
        return kind.make(config, inputs)
    except HierbatchError:
        raise
    except (ArithmeticError, AssertionError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            "The networks of the configuration cannot be made",
            got=f"{type(error).__name__}: {error}"[:200],
            fix="correct its numbers",
        ) from error


def configured(job: TrainNetworkJob) -> Any:
    """Configuration of a job, in which values of the command line replace those of the file.

    Raises:
        InputError: the recipe is unknown, or the configuration is invalid.
    """
    kind = find_recipe(job.recipe)
    config = read_config(kind.config, find_config(job.config or kind.default_config))
    changes: dict[str, Any] = {}
    if job.n_steps is not None:
        changes["n_steps"] = job.n_steps
    if job.precision is not None:
        changes["precision"] = job.precision
    return replace(config, run=replace(config.run, **changes))


def load_start(job: TrainNetworkJob, kind: RecipeKind, config: Any, recipe: Recipe, log: Log) -> None:
    """Load the initial weights of a job into the networks of its recipe.

    Args:
        job: job that names the initial weights.
        kind: kind of the recipe.
        config: configuration of the recipe.
        recipe: recipe whose networks receive the weights.
        log: function that receives messages on the number of weights that were taken.

    Raises:
        BundleError: the initial weights cannot be read, or none of them fits.
    """
    if job.start is not None:
        for name, weights in _start_weights(job.start, kind, config).items():
            if name in recipe.networks:
                patterns = job.start_only if name == "generator" else (".*",)
                _take(recipe.networks[name], f"{name} of {job.start}", weights, patterns, log)
    if job.start_discriminators is not None and "discriminators" in recipe.networks:
        checkpoint = read_checkpoint(job.start_discriminators)
        weights = rename_published(checkpoint, discriminator_table(config))
        source = f"discriminators of {job.start_discriminators}"
        _take(recipe.networks["discriminators"], source, weights, (".*",), log)


def _take(network: nn.Module, source: str, weights: dict[str, Tensor], patterns: tuple[str, ...], log: Log) -> None:
    n_own = len(network.state_dict())
    new = take_weights(network, weights, patterns)
    if len(new) == n_own:
        raise BundleError(
            f"No weight fits: {source}",
            expected="weights of the same network, and a pattern that selects some of them",
            fix="correct the start weights or --start-only",
        )
    log(f"{n_own - len(new)} of {n_own} tensors start as the {source}")


def _start_weights(start: str, kind: RecipeKind, config: Any) -> dict[str, dict[str, Tensor]]:
    """Read the initial weights, keyed by network, from a run folder, a checkpoint file or a bundle."""
    path = Path(start)
    checkpoint = CheckpointFolder(path).latest() if path.is_dir() else None
    if checkpoint is not None:
        weights = {"generator": read_tensors(checkpoint, "generator.average")}
        if (checkpoint / "discriminators.safetensors").is_file():
            weights["discriminators"] = read_tensors(checkpoint, "discriminators")
        return weights
    if path.is_file():
        return {"generator": rename_published(read_checkpoint(path), kind.names(config))}
    return {"generator": find_bundle(start).load_component(kind.name)}
