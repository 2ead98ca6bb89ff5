"""Where bundles lie, and bundles that are kept in parts."""

import json

import pytest
import torch

from hierbatch.errors import BundleError
from hierbatch.models.weights.bundle import find_bundle, imported_bundle_folder, list_bundles
from hierbatch.models.weights.bundle_writing import write_bundle_components
from tests.tiny_bundle import write_tiny_bundle

PAGE = {
    "name": "mine", "kind": "hierspeechpp", "languages": ["en"], "rate_hz": 16_000, "license": "MIT", "config": {},
    "synthesis": {},
}  # fmt: skip
PART = {"source": "G.pth", "source_sha256": "ab", "published_name": "", "license": "MIT"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HIERBATCH_MODELS", str(tmp_path))
    return tmp_path


def write_parts(folder, **weights):
    parts = [PART | {"name": name} for name in weights]
    write_bundle_components(folder, weights, parts, PAGE)


def test_imported_bundles_live_where_the_user_says_or_in_his_data_folder(home, monkeypatch):
    assert imported_bundle_folder() == home
    monkeypatch.delenv("HIERBATCH_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert imported_bundle_folder().name == "models"
    assert imported_bundle_folder().parent.name == "hierbatch"


def test_a_bundle_is_found_by_name_and_listed_beside_the_packaged_ones(home):
    write_tiny_bundle(home / "mine")
    assert find_bundle("mine").folder == home / "mine"
    names = [bundle.folder.name for bundle in list_bundles()]
    assert {"lite", "mine"} <= set(names)


def test_a_packaged_name_cannot_be_taken_by_another_bundle(home):
    write_tiny_bundle(home / "lite")
    assert find_bundle("lite").folder != home / "lite"
    assert all(bundle.folder != home / "lite" for bundle in list_bundles())


def test_parts_are_returned_as_they_were_and_each_is_checked(home):
    weights = {"one": {"w": torch.randn(3, 4)}, "two": {"w": torch.arange(5)}}
    write_parts(home / "mine", **weights)
    bundle = find_bundle("mine")
    for name, tensors in weights.items():
        assert torch.equal(bundle.load_component(name)["w"], tensors["w"])
    with pytest.raises(BundleError, match="has no three"):
        bundle.load_component("three")
    (home / "mine" / "one.safetensors").write_bytes((home / "mine" / "two.safetensors").read_bytes())
    with pytest.raises(BundleError, match="do not match the hash"):
        bundle.load_component("one")


def test_another_part_is_another_fingerprint(home):
    write_parts(home / "a", one={"w": torch.zeros(2)})
    write_parts(home / "b", one={"w": torch.ones(2)})
    assert find_bundle("a").fingerprint != find_bundle("b").fingerprint


def test_a_damaged_list_of_parts_is_reported(home):
    write_parts(home / "mine", one={"w": torch.zeros(2)})
    page = json.loads((home / "mine" / "bundle.json").read_text())
    page["components"]["one"]["colour"] = "red"
    (home / "mine" / "bundle.json").write_text(json.dumps(page))
    with pytest.raises(BundleError, match=r"bundle\.json"):
        find_bundle("mine")
