"""Training of one network of the packaged models."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from hierbatch.errors import InputError
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.text_to_vector import LiteTextToVector
from hierbatch.models.weights.bundle import find_bundle
from hierbatch.models.weights.earlier_names import phase_folder
from hierbatch.training.phase_checkpoints import has_checkpoint, phase_weights, pipeline_weights
from hierbatch.training.phase_recipe import PHASE_SEED, OneNetworkRecipe, PhaseSchedule, load_matching_weights
from hierbatch.training.recipes.catalog import FULL_BAND_PHASES, PHASES, PIPELINE_PHASES, Prerequisites, make_recipe
from hierbatch.training.recipes.speaker_encoder import SpeakerEncoder
from hierbatch.training.trainer.checkpoints import CheckpointFolder
from hierbatch.training.trainer.trainer import Trainer, TrainerOptions

Network = TypeVar("Network", bound=nn.Module)

_PREREQUISITES = {
    "content-encoder": ("content_encoder",),
    "acoustic": ("content_encoder",),
    "text-to-vector": ("content_encoder", "phones"),
    "cross-speaker": ("content_encoder", "text_to_vector", "speaker_encoder"),
    "text-to-vector-tuning": ("phones",),
    "acoustic-tuning": ("speaker_encoder",),
}
"""Trained networks that a training phase needs in addition to those that it trains."""

_PHASE_OF_NETWORK = {
    "content_encoder": "content-encoder",
    "phones": "content-encoder",
    "text_to_vector": "text-to-vector",
    "speaker_encoder": "speaker-encoder",
}
"""Training phase of each network, where the two have different names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """Network to train, training data and schedule."""

    model: str
    """Training phase, a key of `PHASES` or `FULL_BAND_PHASES`."""
    data: Path
    """Folder written by `hierbatch prepare`; for `FULL_BAND_PHASES`, a folder of full-band recordings in Parquet."""
    out: Path
    """Training folder; each phase writes to a subfolder."""
    n_steps: int | None = None
    """Total training steps; None takes the phase's default."""
    device: str = "cpu"
    """`cpu` or a GPU such as `cuda`."""
    n_threads: int = 1
    """Number of CPU threads."""
    max_duration_s: float | None = None
    """Time limit in seconds; training can be resumed afterwards."""
    start: str | None = None
    """Bundle that provides the initial weights; None initializes at random."""
    learning_rate: float | None = None
    """Peak learning rate; None takes the phase's default."""


def train(job: TrainJob, log: Callable[[str], None]) -> None:
    """Train one network, or resume its training.

    Raises:
        InputError: the phase is unknown, no data is prepared, or the device does not exist.
        BundleError: the bundle in `start` does not exist.
    """
    plans = PHASES | FULL_BAND_PHASES
    if job.model not in plans:
        raise InputError(
            "The training phase is unknown", expected=", ".join(plans), got=job.model, fix="choose one of these"
        )
    DevicePlacement(device=job.device).check_available()
    torch.set_num_threads(job.n_threads)
    torch.manual_seed(0)
    plan = plans[job.model]
    schedule = PhaseSchedule(n_steps=job.n_steps or plan.n_steps, learning_rate=job.learning_rate or plan.learning_rate)
    config, run = LiteConfig(), phase_folder(job.out, job.model)
    recipe = make_recipe(job.model, job.data, config, job.device, _prerequisites(job, config))
    if CheckpointFolder(run).latest() is None:
        for name, weights in _initial_weights(job).items():
            new = load_matching_weights(recipe.network, weights)
            log(f"{job.model} starts from {name}" + (f", except for {len(new)} new weights" if new else ""))
    Trainer(OneNetworkRecipe(job.model, recipe, schedule), run, _options(job, schedule.n_steps), log).train()


def _options(job: TrainJob, n_steps: int) -> TrainerOptions:
    return TrainerOptions(
        n_steps=n_steps,
        seed=PHASE_SEED,
        average_decay=0.998,
        report_steps=min(100, max(1, n_steps // 20)),
        validate_steps=min(500, max(1, n_steps // 4)),
        save_steps=100,
        keep_last=2,
        max_duration_s=math.inf if job.max_duration_s is None else job.max_duration_s,
    )


def _prerequisites(job: TrainJob, config: LiteConfig) -> Prerequisites:
    """Load the networks that the phase needs, from the training folder, or else from `start`."""
    return Prerequisites(
        content_encoder=_load_prerequisite(job, "content_encoder", LiteContentEncoder(config)),
        phones=_load_prerequisite(job, "phones", nn.Linear(config.semantic_channels, config.n_symbols)),
        text_to_vector=_load_prerequisite(job, "text_to_vector", LiteTextToVector(config)),
        speaker_encoder=_load_prerequisite(job, "speaker_encoder", SpeakerEncoder(config)),
        pipeline=_pipeline_networks(job, config) if job.model in PIPELINE_PHASES else None,
    )


def _pipeline_networks(job: TrainJob, config: LiteConfig) -> LiteNetworks | None:
    """Load the networks of the pipeline from `start` and the checkpoints of other phases; None if there are none."""
    weights = pipeline_weights(job.out, job.start, exclude=job.model)
    return LiteNetworks.from_weights(config, weights).to(job.device) if weights else None


def _load_prerequisite(job: TrainJob, name: str, network: Network) -> Network | None:
    """Load weights into a network and return it; None if the phase does not need it, or no weights exist."""
    needed = name in _PREREQUISITES.get(job.model, ())
    return network if needed and _load_weights(job, name, network) else None


def _load_weights(job: TrainJob, name: str, network: nn.Module) -> bool:
    """Load the weights of a network that the phase needs, and return True if there are any.

    Weights of the phase that is being trained are never used.
    """
    phase = _PHASE_OF_NETWORK.get(name, name)
    if name == "phones" and job.model in PIPELINE_PHASES and has_checkpoint(job.out, "cross-speaker"):
        phase = "cross-speaker"  # which trained the classifier further, with the content encoder
    if phase != job.model and has_checkpoint(job.out, phase):
        weights = phase_weights(job.out, phase)
    else:
        weights = {} if job.start is None else find_bundle(job.start).load_weights()
    own = {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}
    if own:
        network.load_state_dict(own)
    return bool(own)


def _initial_weights(job: TrainJob) -> dict[str, dict[str, Tensor]]:
    """Initial weights, keyed by a description of their source, in the order of loading.

    The bundle in `start` comes first, then phases that were trained earlier.
    """
    plan, found = (PHASES | FULL_BAND_PHASES)[job.model], {}
    if job.start is not None:
        weights = find_bundle(job.start).load_weights()
        found[f"bundle {job.start}"] = (
            weights
            if plan.components
            else {name.removeprefix(f"{plan.sole_network}."): value for name, value in weights.items()}
        )
    for phase in ("content-encoder" if "content_encoder" in plan.components else "", *plan.starts_from):
        if phase and phase != job.model and has_checkpoint(job.out, phase):
            found[phase] = phase_weights(job.out, phase)
    return found
