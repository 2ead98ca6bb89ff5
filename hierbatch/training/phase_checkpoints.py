"""Weights from the checkpoints of completed training phases, under the names used in bundles."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from hierbatch.models.weights.bundle import find_bundle
from hierbatch.models.weights.earlier_names import phase_folder
from hierbatch.training.phase_recipe import averaged_weights, has_averaged_weights
from hierbatch.training.recipes.catalog import FULL_BAND_PHASES, PHASES


def has_checkpoint(training: Path, phase: str) -> bool:
    """True if a phase has a checkpoint, even if its schedule is not complete."""
    return has_averaged_weights(phase_folder(training, phase))


def phase_weights(training: Path, phase: str) -> dict[str, Tensor]:
    """Read the averaged weights of all networks that a phase trained, including those that do not ship.

    The name of each weight begins with that of its network, except for SpeechSR, which has its own bundle.
    """
    return _with_prefix(
        averaged_weights(phase_folder(training, phase)), (PHASES | FULL_BAND_PHASES)[phase].sole_network
    )


def pipeline_weights(training: Path, start: str | None, *, exclude: str | None = None) -> dict[str, Tensor]:
    """Collect the shipped weights of the whole pipeline; if two phases train a network, the later phase counts.

    Args:
        training: training folder.
        start: name of the bundle for networks without a checkpoint, or None.
        exclude: phase to leave out.

    Raises:
        BundleError: there is no such bundle.
    """
    weights = {} if start is None else find_bundle(start).load_weights()
    for phase, plan in PHASES.items():
        if plan.ships and phase != exclude and has_checkpoint(training, phase):
            trained = phase_weights(training, phase)
            weights |= {name: value for name, value in trained.items() if plan.ships_weight(name)}
    return weights


def speechsr_weights(training: Path) -> dict[str, Tensor] | None:
    """Read the averaged weights of SpeechSR-Lite from its last phase, without discriminators; None if untrained."""
    completed = [phase for phase in FULL_BAND_PHASES if has_checkpoint(training, phase)]
    if not completed:
        return None
    weights = averaged_weights(phase_folder(training, completed[-1]))
    return {name: value for name, value in weights.items() if not name.startswith("discriminators.")}


def _with_prefix(weights: dict[str, Tensor], network: str) -> dict[str, Tensor]:
    return {f"{network}.{name}": value for name, value in weights.items()} if network else weights
