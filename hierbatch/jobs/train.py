"""Train one network of the embedded model, and put trained networks together as a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hierbatch.errors import InputError
from hierbatch.models.bundle import write_bundle
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.speechsr_lite.config import SpeechSRLiteConfig
from hierbatch.training.loop import LoopOptions, Trainer, averaged_weights
from hierbatch.training.recipes.catalog import FULL_BAND_PLANS, PLANS, make_recipe


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


def train(job: TrainJob, tell: Callable[[str], None]) -> None:
    """Train, or go on training, one network.

    Raises:
        InputError: unknown network, nothing prepared, or no such device.
    """
    plans = PLANS | FULL_BAND_PLANS
    if job.model not in plans:
        raise InputError("There is no such model to train", wanted=", ".join(plans), got=job.model)
    if job.device != "cpu" and not torch.cuda.is_available():
        raise InputError("There is no GPU here", wanted="--device cpu", got=job.device)
    torch.set_num_threads(job.n_threads)
    torch.manual_seed(0)
    plan = plans[job.model]
    options: dict[str, Any] = {} if job.longest_s is None else {"longest_s": job.longest_s}
    loop = LoopOptions(n_steps=job.n_steps or plan.n_steps, learning_rate=plan.learning_rate, **options)
    recipe = make_recipe(job.model, job.data, LiteConfig(), job.device)
    Trainer(recipe, job.out / job.model, loop, tell).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleJob:
    """Trained networks to make one bundle of."""

    training: Path
    """Training folder."""
    out: Path
    """The bundle's folder."""
    f0_spread: float = 1.25
    """Factor on the predicted F0 contour about the speaker's median."""
    latent_contrast: float = 1.1
    """Factor on the log-mel latent about each band's mean over the sentence."""


def assemble(job: AssembleJob) -> None:
    """Write a bundle of the running averages of all four networks.

    Raises:
        InputError: a network has not been trained yet.
    """
    missing = [model for model in PLANS if not (job.training / model / "checkpoint.pt").is_file()]
    if missing:
        raise InputError(
            "Not every network is trained",
            wanted=", ".join(PLANS),
            got="no " + ", no ".join(missing),
            mend="run `hierbatch train` for each",
        )
    weights = {
        f"{model}.{name}": value for model in PLANS for name, value in averaged_weights(job.training / model).items()
    }
    page = {
        "name": job.out.name,
        "kind": "lite",
        "languages": ["en", "ko"],
        "rate_hz": 16_000,
        "license": "MIT",
        "config": LiteConfig().to_dict(),
        "synthesis": {"f0_spread": job.f0_spread, "latent_contrast": job.latent_contrast},
    }
    write_bundle(job.out, weights, page)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleSpeechSR:
    """The trained light SpeechSR to make a bundle of."""

    training: Path
    """Training folder."""
    out: Path
    """The bundle's folder."""


def assemble_speechsr(job: AssembleSpeechSR) -> None:
    """Write a bundle of the running average of the light SpeechSR.

    Raises:
        InputError: it has not been trained yet.
    """
    folder = job.training / "speechsr_lite"
    if not (folder / "checkpoint.pt").is_file():
        raise InputError(
            "The light SpeechSR is not trained", got=f"no {folder}", mend="run `hierbatch train speechsr_lite`"
        )
    page = {
        "name": job.out.name,
        "kind": "speechsr_lite",
        "languages": [],
        "rate_hz": 48_000,
        "license": "MIT",
        "config": SpeechSRLiteConfig().to_dict(),
        "synthesis": {},
    }
    write_bundle(job.out, averaged_weights(folder), page)
