"""The weights that finished schools left in a training folder, under the names they have in a bundle."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from hierbatch.models.bundle import find_bundle
from hierbatch.training.loop import averaged_weights
from hierbatch.training.recipes.catalog import FULL_BAND_PLANS, PLANS


def is_finished(training: Path, school: str) -> bool:
    """Whether a school has left weights; it may still go on."""
    return (training / school / "checkpoint.pt").is_file()


def school_weights(training: Path, school: str) -> dict[str, Tensor]:
    """The running average of all a school trained, what does not ship included.

    Names begin with the network's, but for those of a network that learns from full-band recordings: it stands alone.
    """
    weights = averaged_weights(training / school)
    if school in FULL_BAND_PLANS or PLANS[school].parts:
        return weights
    return {f"{school}.{name}": value for name, value in weights.items()}


def chain_weights(training: Path, start: str | None, *, without: str | None = None) -> dict[str, Tensor]:
    """What ships of a bundle to start from and of every finished school, the later school's where two train a network.

    Raises:
        BundleError: there is no such bundle.
    """
    weights = {} if start is None else find_bundle(start).load_weights()
    for school, plan in PLANS.items():
        if plan.ships and school != without and is_finished(training, school):
            shipped = {
                plan.bundle_name(school, name): value for name, value in averaged_weights(training / school).items()
            }
            weights |= {name: value for name, value in shipped.items() if name is not None}
    return weights


def speechsr_weights(training: Path) -> dict[str, Tensor] | None:
    """The light SpeechSR as its last finished school left it, without critics; None where there is none."""
    finished = [school for school in FULL_BAND_PLANS if is_finished(training, school)]
    if not finished:
        return None
    weights = averaged_weights(training / finished[-1])
    return {name: value for name, value in weights.items() if not name.startswith("critics.")}
