"""Weights, phases and metadata under earlier names open like those under present names."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from hierbatch.errors import BundleError, InputError
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.weights.bundle import find_bundle, packaged_bundle_folder
from hierbatch.models.weights.earlier_names import phase_folder, with_current_metadata, with_current_names
from hierbatch.training.phase_recipe import averaged_weights
from tests.tiny_bundle import write_tiny_bundle


@pytest.mark.parametrize(
    ("earlier", "current"),
    [
        ("surroundings.place", "style_denoiser.target"),
        ("waveform.network.leave.bias", "vocoder.network.output_projection.bias"),
        ("content.blocks.3.widen.weight", "content_encoder.blocks.3.widen.weight"),
        ("critics.by_period.0.leave.weight", "discriminators.by_period.0.output_projection.weight"),
        ("judge.enter.weight", "speaker_encoder.input_projection.weight"),
        ("generator.slow_excitation.bent.0.weight", "generator.frame_rate_excitation.residual.0.weight"),
        ("training_parts.prosody.enter.weight", "training_modules.prosody.input_projection.weight"),
        ("encoder.layers.0.attention.near_keys", "encoder.layers.0.attention.relative_keys"),
        ("voices", "class_weights"),
    ],
)
def test_an_earlier_weight_name_is_translated(earlier: str, current: str) -> None:
    assert with_current_names({earlier: 1}, is_lite=True) == {current: 1}
    assert with_current_names({current: 1}, is_lite=True) == {current: 1}


def test_present_names_of_lite_stay_and_the_packaged_file_has_every_one() -> None:
    names = LiteNetworks(LiteConfig()).state_dict().keys()
    assert list(with_current_names(dict.fromkeys(names), is_lite=True)) == list(names)
    assert find_bundle("lite").load_weights().keys() == names
    on_disk = load_file(packaged_bundle_folder() / "lite" / "model.safetensors")
    assert with_current_names(on_disk, is_lite=True).keys() == names


def test_the_waveform_network_of_a_published_synthesizer_keeps_its_name() -> None:
    assert with_current_names({"waveform.enter.bias": 1}, is_lite=False) == {"waveform.input_projection.bias": 1}


def test_two_names_of_one_weight_are_refused() -> None:
    with pytest.raises(ValueError, match=r"vocoder\.bias"):
        with_current_names({"waveform.bias": 1, "vocoder.bias": 2}, is_lite=True)


def test_a_phase_keeps_its_earlier_folder_until_the_present_one_exists(tmp_path: Path) -> None:
    assert phase_folder(tmp_path, "vocoder-gan") == tmp_path / "vocoder-gan"
    (tmp_path / "adversarial").mkdir()
    torch.save({"average": {"waveform.bias": torch.ones(1)}}, tmp_path / "adversarial" / "checkpoint.pt")
    folder = phase_folder(tmp_path, "vocoder-gan")
    assert folder == tmp_path / "adversarial"
    assert averaged_weights(folder).keys() == {"vocoder.bias"}
    (tmp_path / "vocoder-gan").mkdir()
    assert phase_folder(tmp_path, "vocoder-gan") == tmp_path / "vocoder-gan"


def test_bundle_metadata_of_an_earlier_kind_is_read() -> None:
    earlier = {"kind": "official", "parts": {"ttv": {"published": "ttv.pth"}}}
    assert with_current_metadata(earlier) == {
        "kind": "hierspeechpp",
        "components": {"ttv": {"published_name": "ttv.pth"}},
    }


def test_a_bundle_or_checkpoint_of_both_names_of_one_weight_is_refused(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "tiny")
    save_file({"waveform.bias": torch.ones(1), "vocoder.bias": torch.ones(1)}, bundle / "model.safetensors")
    page = json.loads((bundle / "bundle.json").read_text())
    page["weights_sha256"] = hashlib.sha256((bundle / "model.safetensors").read_bytes()).hexdigest()
    (bundle / "bundle.json").write_text(json.dumps(page))
    with pytest.raises(BundleError, match=r"cannot be read.*vocoder\.bias"):
        find_bundle(bundle).load_weights()
    mixed = {"average": {"waveform.bias": torch.ones(1), "vocoder.bias": torch.ones(1)}}
    torch.save(mixed, tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match=r"no readable checkpoint.*vocoder\.bias"):
        averaged_weights(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint", b"PK\x03\x04"])
def test_a_phase_without_a_readable_checkpoint_is_reported(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(InputError, match="no readable checkpoint"):
        averaged_weights(tmp_path)
