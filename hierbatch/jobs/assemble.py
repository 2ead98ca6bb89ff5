"""Put trained networks together as a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.models.bundle_writing import write_bundle
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.speechsr_lite.config import SpeechSRLiteConfig
from hierbatch.training.finished import chain_weights, is_finished, speechsr_weights
from hierbatch.training.recipes.catalog import PLANS


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembleJob:
    """Trained networks to make one bundle of."""

    training: Path
    """Training folder."""
    out: Path
    """The bundle's folder."""
    start: str | None = None
    """A bundle to take networks from that were not trained here."""
    f0_spread: float = 1.5
    """Factor on the predicted F0 contour about the speaker's median."""
    latent_contrast: float = 1.1
    """Factor on the log-mel latent about each band's mean over the sentence."""
    timbre_mean_share: float = 1.0
    """How much of the way to the prompt's long-term spectrum the latent is moved."""
    timbre_spread_share: float = 1.0
    """How much of the prompt's own movement a band takes in place of `latent_contrast`."""
    timbre_covariance_share_ko: float = 0.7
    """How much of the way to how the prompt's bands move together Korean goes; English is as like without."""
    onset_aspiration: float = 0.35
    """How far Korean's plain stops at the start of a word are said towards aspirated ones."""
    source_articulation: float = 0.8
    """How much of the source's own movement a conversion keeps."""
    clean_style_share_ko: float = 1.0
    """How much of the way to a recording without noise a prompt's style is moved in Korean."""
    clean_style_margin: float = 0.5
    """How far beyond such recordings that way goes."""


def assemble(job: AssembleJob) -> None:
    """Write a bundle of the running averages of the trained networks.

    Raises:
        InputError: a network has not been trained yet.
    """
    shipped = [model for model, plan in PLANS.items() if plan.ships]
    missing = [model for model in shipped if not is_finished(job.training, model)]
    if missing and job.start is None:
        raise InputError(
            "Not every network is trained",
            wanted=", ".join(shipped),
            got="no " + ", no ".join(missing),
            mend="run `hierbatch train` for each, or name a bundle that has them with --start",
        )
    page = {
        "name": job.out.name,
        "kind": "lite",
        "languages": ["en", "ko"],
        "rate_hz": 16_000,
        "license": "MIT",
        "config": LiteConfig().to_dict(),
        "synthesis": {
            "f0_spread": job.f0_spread,
            "latent_contrast": job.latent_contrast,
            "timbre_mean_share": job.timbre_mean_share,
            "timbre_spread_share": job.timbre_spread_share,
            "timbre_covariance_share_ko": job.timbre_covariance_share_ko,
            "onset_aspiration": job.onset_aspiration,
            "source_articulation": job.source_articulation,
            "clean_style_share_ko": job.clean_style_share_ko,
            "clean_style_margin": job.clean_style_margin,
        },
    }
    write_bundle(job.out, chain_weights(job.training, job.start), page)


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
    weights = speechsr_weights(job.training)
    if weights is None:
        raise InputError(
            "The light SpeechSR is not trained",
            wanted="a training folder with speechsr_lite",
            got=str(job.training),
            mend="run `hierbatch train speechsr_lite`",
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
    write_bundle(job.out, weights, page)
