"""Train one network of the embedded model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from hierbatch.errors import InputError
from hierbatch.models.bundle import find_bundle
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.text_to_vector import TextToVector
from hierbatch.models.placement import Placement
from hierbatch.training.finished import chain_weights, is_finished, school_weights
from hierbatch.training.loop import LoopOptions, Trainer, start_from
from hierbatch.training.recipes.catalog import FULL_BAND_PLANS, LEARN_FROM_THE_CHAIN, PLANS, Earlier, make_recipe
from hierbatch.training.recipes.likeness import VoiceJudge

Network = TypeVar("Network", bound=nn.Module)

_LEARNS_FROM = {
    "content": ("content",),
    "acoustic": ("content",),
    "text_to_vector": ("content", "phones"),
    "strangers": ("content", "text_to_vector", "judge"),
}
"""Which finished networks a school needs beside its own."""

_TAUGHT_IN = {"phones": "content", "judge": "likeness"}
"""The school of a network that is not called as its school."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """What to train, on what, for how long."""

    model: str
    """One of `PLANS` or `FULL_BAND_PLANS`."""
    data: Path
    """A set made by `hierbatch prepare`; for `FULL_BAND_PLANS` a folder of Parquet files with full-band recordings."""
    out: Path
    """Training folder; each network gets a folder of its own inside."""
    n_steps: int | None = None
    """Steps of the whole schedule; the plan's own where none."""
    device: str = "cpu"
    """`cpu` or a GPU, e.g. `cuda`."""
    n_threads: int = 1
    """CPU threads."""
    longest_s: float | None = None
    """Stop, to be continued, after this many seconds."""
    start: str | None = None
    """A bundle whose weights a first step starts from; random weights where none."""
    learning_rate: float | None = None
    """Peak learning rate; the plan's own where none."""


def train(job: TrainJob, tell: Callable[[str], None]) -> None:
    """Train, or go on training, one network.

    Raises:
        InputError: unknown network, nothing prepared, or no such device.
        BundleError: there is no such bundle to start from.
    """
    plans = PLANS | FULL_BAND_PLANS
    if job.model not in plans:
        raise InputError("There is no such model to train", wanted=", ".join(plans), got=job.model)
    Placement(device=job.device).check_here()
    torch.set_num_threads(job.n_threads)
    torch.manual_seed(0)
    plan = plans[job.model]
    options: dict[str, Any] = {} if job.longest_s is None else {"longest_s": job.longest_s}
    rate = job.learning_rate or plan.learning_rate
    loop = LoopOptions(n_steps=job.n_steps or plan.n_steps, learning_rate=rate, **options)
    config = LiteConfig()
    recipe = make_recipe(job.model, job.data, config, job.device, _earlier(job, config))
    for name, weights in _known_weights(job).items():
        new = start_from(recipe.network, weights)
        tell(f"{job.model} starts from {name}" + (f", but for {len(new)} weights that are new" if new else ""))
    Trainer(recipe, job.out / job.model, loop, tell).run()


def _earlier(job: TrainJob, config: LiteConfig) -> Earlier:
    """Networks finished before: as their own schools left them here, or else those of the bundle to start from."""
    return Earlier(
        content=_finished(job, "content", ContentEncoder(config)),
        phones=_finished(job, "phones", nn.Linear(config.semantic_channels, config.n_symbols)),
        text_to_vector=_finished(job, "text_to_vector", TextToVector(config)),
        judge=_finished(job, "judge", VoiceJudge(config)),
        chain=_chain(job, config) if job.model in LEARN_FROM_THE_CHAIN else None,
    )


def _chain(job: TrainJob, config: LiteConfig) -> LiteNetworks | None:
    """Every network as far as it is trained, the present school's own left out."""
    weights = chain_weights(job.out, job.start, without=job.model)
    return LiteNetworks.from_weights(config, weights).to(job.device) if weights else None


def _finished(job: TrainJob, name: str, network: Network) -> Network | None:
    """The network with its weights, or None where the job needs none or there are none."""
    needed = name in _LEARNS_FROM.get(job.model, ())
    return network if needed and _load_earlier(job, name, network) else None


def _load_earlier(job: TrainJob, name: str, network: nn.Module) -> bool:
    """Whether there are weights of a network from before; a school does not take its own for those."""
    school = _TAUGHT_IN.get(name, name)
    if school != job.model and is_finished(job.out, school):
        weights = school_weights(job.out, school)
    else:
        weights = {} if job.start is None else find_bundle(job.start).load_weights()
    own = {key.removeprefix(f"{name}."): value for key, value in weights.items() if key.startswith(f"{name}.")}
    if own:
        network.load_state_dict(own)
    return bool(own)


def _known_weights(job: TrainJob) -> dict[str, dict[str, Tensor]]:
    """What the network starts from, by where it comes from: a bundle, then networks trained earlier on their own."""
    plan, found = (PLANS | FULL_BAND_PLANS)[job.model], {}
    if job.start is not None:
        weights = find_bundle(job.start).load_weights()
        found[f"bundle {job.start}"] = (
            weights if plan.parts else {name.removeprefix(f"{job.model}."): value for name, value in weights.items()}
        )
    for school in ("content" if "content" in plan.parts else "", plan.starts_from):
        if school and school != job.model and is_finished(job.out, school):
            found[school] = school_weights(job.out, school)
    return found
