import json
from pathlib import Path

import pytest
import torch

from hierbatch.errors import BundleError
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
from hierbatch.models.weights.bundle import find_bundle
from tests.tiny_bundle import write_tiny_bundle
from tests.tiny_lite import tiny_config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "tiny")


def test_weights_round_trip_in_half_precision(folder: Path) -> None:
    torch.manual_seed(0)  # as the fixture does
    wanted = LiteNetworks(tiny_config()).state_dict()
    found = find_bundle(folder).load_weights()
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value.half().float(), rtol=0, atol=0)


def test_a_setting_changes_the_fingerprint(folder: Path) -> None:
    before = find_bundle(folder)
    page = json.loads((folder / "bundle.json").read_text())
    page["synthesis"]["f0_spread"] = 1.5
    (folder / "bundle.json").write_text(json.dumps(page))
    assert find_bundle(folder).fingerprint != before.fingerprint


def test_changed_weights_are_refused_by_their_hash(folder: Path) -> None:
    path = folder / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(BundleError, match="SHA-256"):
        find_bundle(folder).load_weights()


def test_all_mismatches_are_reported_together() -> None:
    weights = LiteNetworks(tiny_config()).state_dict()
    del weights["vocoder.network.output_projection.bias"]
    weights["stranger"] = torch.zeros(1)
    weights["text_to_vector.symbol.weight"] = torch.zeros(2, 2)
    with pytest.raises(BundleError) as caught:
        LiteNetworks.from_weights(tiny_config(), weights)
    for fault in (
        "missing vocoder.network.output_projection.bias",
        "unexpected stranger",
        "text_to_vector.symbol.weight is (2, 2)",
    ):
        assert fault in str(caught.value)


def test_an_unknown_key_of_the_configuration_is_an_error() -> None:
    with pytest.raises(BundleError, match="lay_ers"):
        LiteConfig.from_dict({"lay_ers": 3})


@pytest.mark.parametrize("text", ["{", json.dumps({"name": "x"})])
def test_a_damaged_page_is_reported(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_text(text)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        find_bundle(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"languages": None}, {"languages": [5]}, {"rate_hz": "x"}, {"rate_hz": 0}, {"rate_hz": 10**9}, {"config": None},
        {"synthesis": None}, {"synthesis": {"a": "b"}}, {"name": ["x"]}, {"weights_sha256": 5}, {"license": ["a"]},
        {"components": [1]}, {"kind": ["lite"]}, {"frontend_versions": {"ko": 2}},
        {"components": {"../x": dict.fromkeys(("sha256", "source", "source_sha256", "published_name", "license"), "")}},
    ],
)  # fmt: skip
def test_wrong_values_are_reported(folder: Path, changes: dict) -> None:
    page = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(page | changes))
    with pytest.raises(BundleError, match=r"bundle\.json"):
        find_bundle(folder)


@pytest.mark.parametrize("text", ["[]", "null", "[" * 100_000, "5"])
def test_another_content_is_reported(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_text(text)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        find_bundle(folder)


def test_a_missing_bundle_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no such model bundle"):
        find_bundle(tmp_path / "none")


@pytest.mark.parametrize("change", [0, -1, 10**9, 2.5, "x", None, True, [256]])
def test_sizes_of_no_usable_network_are_refused_before_it_is_built(change: object) -> None:
    for config in (LiteConfig, SpeechSRLiteConfig):
        values = config().to_dict()
        for name in values:
            with pytest.raises(BundleError, match=name):
                config.from_dict(values | {name: change})


def test_sizes_that_are_too_large_together_are_refused() -> None:
    values = LiteConfig().to_dict()
    assert LiteConfig.from_dict(values) == LiteConfig()
    with pytest.raises(BundleError, match="weights"):
        LiteConfig.from_dict(values | {"content_width": 4096, "content_blocks": 16})
    n_weights = sum(weight.numel() for weight in LiteNetworks(LiteConfig()).parameters())
    assert LiteConfig()._n_weights == pytest.approx(n_weights, rel=0.3)
