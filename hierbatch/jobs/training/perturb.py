"""Computation of content features for perturbed versions of the recordings of a prepared set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hierbatch.errors import InputError
from hierbatch.training.perturbed_features import write_perturbed_features
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.speech_features import load_features


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbJob:
    """Prepared set, number of perturbed versions per recording, and feature extractor."""

    data: Path
    n_versions: int = 4
    features: str = "lite"
    """Name of the extractor of the features, the same as in the preparation of the set."""
    layer: int = 7


def compute_perturbed_features(job: PerturbJob, log: Callable[[str], None]) -> None:
    """Compute the features of the perturbed versions; an interrupted computation resumes.

    Raises:
        InputError: the folder contains no prepared speech, or features of another extractor.
        BundleError: the extractor cannot be loaded.
        StorageError: the disk is full, read-only or gone.
    """
    settings = PreparedSet(job.data).settings
    features = load_features(job.features, job.layer)
    if (features.info.name, features.info.channels) != (settings.features.name, settings.features.channels):
        raise InputError(
            "The prepared set has other features",
            expected=f"--features {settings.features.name}, {settings.features.channels} channels",
            got=f"{features.info.name}, {features.info.channels} channels",
            fix="correct --features",
        )
    write_perturbed_features(job.data, job.n_versions, features, log)
