"""A bundle assembled from a training folder: its networks and its settings."""

import json
from pathlib import Path

import pytest
import torch

from hierbatch.errors import InputError
from hierbatch.jobs.weights.assemble import AssembleJob, assemble
from hierbatch.models.weights.bundle import find_bundle


def leave(training: Path, phase: str, *networks: str) -> None:
    (training / phase).mkdir(parents=True)
    names = [f"{network}.bias" for network in networks] or ["bias"]
    torch.save({"average": {name: torch.zeros(()) for name in names}}, training / phase / "checkpoint.pt")


def test_the_default_settings_are_those_of_the_packaged_bundle(tmp_path: Path) -> None:
    assemble(AssembleJob(training=tmp_path / "nothing", out=tmp_path / "lite", start="lite"))
    assembled = json.loads((tmp_path / "lite" / "bundle.json").read_text())
    packaged = find_bundle("lite")
    assert assembled["synthesis"] == packaged.synthesis
    assert assembled["config"] == packaged.config


def test_every_network_is_needed_and_no_particular_phase(tmp_path: Path) -> None:
    training, out = tmp_path / "training", tmp_path / "bundle"
    leave(training, "vocoder")
    leave(training, "cross-speaker", "acoustic", "content_encoder")
    leave(training, "style-denoiser", "style_denoiser")
    leave(training, "prosody")
    leave(training, "pauses")
    with pytest.raises(InputError, match="text_to_vector missing"):
        assemble(AssembleJob(training=training, out=out))
    leave(training, "text-to-vector")
    assemble(AssembleJob(training=training, out=out))
    assert {name.partition(".")[0] for name in find_bundle(out).load_weights()} == {
        "vocoder", "acoustic", "content_encoder", "style_denoiser", "text_to_vector", "prosody", "pauses",
    }  # fmt: skip
