"""Export of trained weights as a bundle, or as a checkpoint that the published code can open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from hierbatch.constants import RATE_HZ
from hierbatch.errors import InputError
from hierbatch.jobs.weights.import_models import move_bundle
from hierbatch.models.hierspeechpp.files import HIERSPEECHPP_KIND
from hierbatch.models.weights.bundle import Bundle, find_bundle
from hierbatch.models.weights.bundle_writing import write_bundle_components
from hierbatch.models.weights.published_names import publish_weights
from hierbatch.models.weights.weight_norm import fold_weight_norm
from hierbatch.storage import staging_folder, write_atomically
from hierbatch.toml_config import read_config
from hierbatch.training.hierspeechpp.catalog import RecipeKind, find_recipe
from hierbatch.training.run_folder import CONFIG, read_run
from hierbatch.training.trainer.checkpoints import CheckpointFolder, read_tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTraining:
    """Training run to export, and the form and path of the result."""

    run: Path
    target: str
    """`bundle` or `published`."""
    out: Path
    checkpoint: str = "best"
    """Checkpoint to export: `best` (according to the validation), `latest`, or the number of a step."""
    is_averaged: bool = True
    """True to export the moving average of the weights, False to export the weights themselves."""
    base: str | None = None
    """Bundle that provides the other networks of an exported bundle; None exports the trained network alone."""
    license: str = "not stated"


def export_training(job: ExportTraining) -> int:
    """Export the weights of a training run, and return the step of the checkpoint.

    Raises:
        InputError: the folder is not a training run or has no such checkpoint, or the network has no published form.
        BundleError: the bundle of the other networks cannot be read.
        StorageError: the disk is full, read-only or gone.
    """
    kind = find_recipe(read_run(job.run)["recipe"])
    config = read_config(kind.config, job.run / CONFIG)
    step, checkpoint = find_checkpoint(job.run, job.checkpoint)
    weights = read_tensors(checkpoint, "generator.average" if job.is_averaged else "generator")
    if job.target == "published":
        _write_published(job.out, weights, kind, config)
    else:
        _write_bundle(job, fold_weight_norm(weights), kind, config, f"{job.run.name} step {step}")
    return step


def find_checkpoint(run: Path, name: str) -> tuple[int, Path]:
    """Find the step and the folder of a checkpoint by its name: `best`, `latest`, or the number of a step.

    If there was no validation, the latest checkpoint counts as the best.

    Raises:
        InputError: there is no such checkpoint.
    """
    folder = CheckpointFolder(run)
    steps, best = folder.steps(), folder.best()
    step = steps[-1] if steps else -1
    if name == "best" and best is not None:
        step = best[0]
    elif name not in ("best", "latest"):
        step = int(name) if name.isdigit() else -1
    if step not in steps:
        raise InputError(
            f"{run} has no such checkpoint",
            expected="best, latest or " + ", ".join(map(str, steps)) if steps else "a training with a checkpoint",
            got=name,
            fix="correct --checkpoint",
        )
    return step, folder.path(step)


def _write_published(path: Path, weights: Mapping[str, Tensor], kind: RecipeKind, config: Any) -> None:
    """Write a checkpoint that the published code can open; for SpeechSR, the weights are under the key `model`."""
    try:
        named = publish_weights(weights, kind.names(config), kind.normalized)
    except KeyError as error:
        raise InputError(
            "The network has no published form",
            expected="a network of the published structure",
            got=str(error),
            fix="export it with --to bundle",
        ) from error
    contiguous = {name: value.contiguous() for name, value in named.items()}
    with write_atomically(path) as temporary:
        if path.suffix == ".safetensors":
            safetensors.torch.save_file(contiguous, temporary)
        else:
            torch.save({"model": contiguous} if kind.name.startswith("speechsr") else contiguous, temporary)


def _write_bundle(job: ExportTraining, weights: dict[str, Tensor], kind: RecipeKind, config: Any, source: str) -> None:
    base = None if job.base is None else find_bundle(job.base)
    networks, parts = _other_networks(base, kind.name)
    digest = hashlib.sha256(b"".join(value.numpy().tobytes() for _, value in sorted(weights.items()))).hexdigest()
    networks[kind.name] = weights
    parts.append(
        {
            "name": kind.name, "source": source, "source_sha256": digest, "published_name": "", "license": job.license,
            "sha256": "",
        }
    )  # fmt: skip
    metadata = _bundle_page(job, base, kind, config, parts)
    with staging_folder(job.out.resolve().parent) as staging:
        folder = staging / job.out.name
        folder.mkdir()
        write_bundle_components(folder, networks, parts, metadata)
        move_bundle(folder, job.out.resolve())


def _other_networks(base: Bundle | None, replaced: str) -> tuple[dict[str, Mapping[str, Tensor]], list[dict[str, str]]]:
    networks: dict[str, Mapping[str, Tensor]] = {}
    parts: list[dict[str, str]] = []
    for component in base.components if base else ():
        if component.name != replaced:
            assert base is not None
            networks[component.name] = base.load_component(component.name)
            fields = ("name", "source", "source_sha256", "published_name", "license", "sha256")
            parts.append({name: getattr(component, name) for name in fields})
    return networks, parts


def _bundle_page(
    job: ExportTraining, base: Bundle | None, kind: RecipeKind, config: Any, parts: list[dict[str, str]]
) -> dict[str, Any]:
    sizes: dict[str, Any] = dict(base.config) if base else {}
    sizes.pop(kind.name, None)
    if changed := kind.sizes(config):
        sizes[kind.name] = changed
    languages = list(base.languages) if base else []
    if kind.name == "ttv":
        languages = list(config.languages)
        sizes["vocabulary"] = config.vocabulary_values
    licenses = dict.fromkeys(part["license"] for part in parts)
    return {
        "name": job.out.name,
        "kind": HIERSPEECHPP_KIND,
        "languages": languages,
        "rate_hz": getattr(config, "rate_hz", base.rate_hz if base else RATE_HZ),
        "license": "; ".join(licenses),
        "config": sizes,
        "synthesis": dict(base.synthesis) if base else {},
    }
