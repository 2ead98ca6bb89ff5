"""Checkpoints become a bundle whole or not at all, and a file says what it is before it is trusted."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from hierbatch.errors import BundleError, InputError
from hierbatch.jobs.weights.import_models import ImportModels, import_models
from hierbatch.models.catalog.hierspeechpp_networks import find_network
from hierbatch.models.hierspeechpp.denoiser.weights import denoiser_from
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.weights import load_speechsr
from hierbatch.models.weights.bundle import find_bundle
from tests.models.golden_data import GOLDEN, PUBLISHED, golden, published
from tests.models.malice import Malice
from tests.models.published_checkpoints import speechsr_checkpoint
from tools.parity.golden import read_golden_folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HIERBATCH_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "speechsr48k" / "G_1000.pth"
    path.parent.mkdir()
    torch.save({"model": speechsr_checkpoint(), "iteration": 3, "optimizer": {}, "learning_rate": 1e-4}, path)
    return path


def imported(*sources, **options):
    return import_models(ImportModels(sources=[str(source) for source in sources], name="mine", **options))


def left_behind(home):
    return sorted(path.name for path in home.rglob("*")) if home.exists() else []


def test_the_bundle_holds_the_network_the_checkpoint_is(home, checkpoint):
    made = imported(checkpoint)
    assert made.bundle.folder == home / "mine"
    assert [part.name for part in made.bundle.components] == ["speechsr48k"]
    wanted = load_speechsr(checkpoint, speechsr_48k()).state_dict()
    found = find_bundle("mine").load_component("speechsr48k")
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


def test_a_folder_is_searched_and_what_is_no_network_is_left_out(home, checkpoint):
    torch.save({"strange": torch.zeros(2)}, checkpoint.parent / "D_1000.pth")
    (checkpoint.parent / "notes.txt").write_text("hello")
    made = imported(checkpoint.parent)
    assert [part.network.name for part in made.components] == ["speechsr48k"]
    assert [path.name for path in made.left_out] == ["D_1000.pth"]


def test_a_file_that_fits_two_networks_must_be_named(home, checkpoint, tmp_path):
    unnamed = tmp_path / "G.pth"
    unnamed.write_bytes(checkpoint.read_bytes())
    with pytest.raises(BundleError, match="Got: speechsr24k and speechsr48k") as told:
        imported(unnamed)
    assert f"as in speechsr24k={unnamed}" in str(told.value)
    made = imported(f"speechsr24k={unnamed}")
    assert made.components[0].network is find_network("speechsr24k")


@pytest.mark.parametrize("prefix", ["", "speechsr48k="])
def test_a_folder_with_the_same_weights_in_two_formats_is_read_as_safetensors(home, tmp_path, prefix):
    folder = tmp_path / "speechsr48k"
    folder.mkdir()
    save_file(speechsr_checkpoint(), folder / "model.safetensors")
    torch.save(speechsr_checkpoint(), folder / "pytorch_model.bin")
    made = imported(f"{prefix}{folder}")
    assert [(part.network.name, part.path.name) for part in made.components] == [("speechsr48k", "model.safetensors")]
    assert not made.left_out


def test_malice_is_not_run_and_leaves_nothing(home, tmp_path):
    trace = tmp_path / "trace"
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps({"model": Malice(trace)}))
    zipped = tmp_path / "evil_zip.pth"
    torch.save({"model": Malice(trace)}, zipped)
    for bad in (path, zipped):
        with pytest.raises(BundleError, match="without running code"):
            imported(bad)
    assert not trace.exists()
    assert not left_behind(home)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda weights: weights.pop("dec.conv_post.weight"), "missing output_projection.weight"),
        (lambda weights: weights.update(extra=torch.zeros(2)), "unexpected extra"),
        (
            lambda weights: weights.update({"dec.conv_post.weight": torch.zeros(1, 32, 5)}),
            "misshapen output_projection.weight",
        ),
        (lambda weights: weights["dec.conv_post.weight"].fill_(torch.nan), "not finite output_projection.weight"),
    ],
    ids=["missing", "unexpected", "misshapen", "nan"],
)
def test_a_damaged_checkpoint_is_reported_and_leaves_nothing(home, tmp_path, spoil, told):
    weights = speechsr_checkpoint()
    spoil(weights)
    path = tmp_path / "48k.pth"
    torch.save(weights, path)
    with pytest.raises(BundleError, match=told):
        imported(path)
    assert not left_behind(home)


def test_a_checkpoint_of_another_model_is_reported(home, tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"stranger.matrix": torch.zeros(3)}, path)
    with pytest.raises(BundleError, match=r"no known network.*stranger\.matrix"):
        imported(path)


def test_a_file_cut_short_is_reported(home, checkpoint):
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(BundleError, match="cannot be opened"):
        imported(checkpoint)
    assert not left_behind(home)


def test_two_checkpoints_of_one_network_are_too_many(home, checkpoint):
    torch.save(speechsr_checkpoint(seed=1), checkpoint.parent / "G_2000.pth")
    with pytest.raises(BundleError, match="two checkpoints of speechsr48k"):
        imported(checkpoint.parent)


def test_a_bundle_stays_until_another_replaces_it_whole(home, checkpoint):
    first = imported(checkpoint).bundle.fingerprint
    with pytest.raises(InputError, match="--replace"):
        imported(checkpoint)
    torch.save({"other": torch.zeros(1)}, checkpoint)
    with pytest.raises(BundleError):
        imported(checkpoint, replace=True)
    assert find_bundle("mine").fingerprint == first
    torch.save(speechsr_checkpoint(seed=1), checkpoint)
    assert imported(checkpoint, replace=True).bundle.fingerprint != first
    assert sorted(path.name for path in home.iterdir()) == ["mine"]


@pytest.mark.parametrize("name", ["lite", "../up", "", ".hidden"])
def test_names_that_cannot_be(home, checkpoint, name):
    with pytest.raises(InputError):
        import_models(ImportModels(sources=[str(checkpoint)], name=name))


@pytest.mark.parametrize("source", ["nowhere.pth", "vocoder=nowhere.pth"])
def test_missing_sources_are_reported(home, source):
    with pytest.raises((InputError, BundleError), match="There is no such"):
        imported(source)


@golden
def test_the_denoiser_is_reported_by_its_names_under_its_own_container(home, tmp_path):
    checkpoint = read_golden_folder(GOLDEN).rule_checkpoint("denoiser", {})
    torch.save({"generator": dict(checkpoint.weights)}, tmp_path / "g_best")
    made = imported(tmp_path)
    assert [part.name for part in made.bundle.components] == ["denoiser"]
    wanted = denoiser_from(checkpoint).state_dict()
    found = made.bundle.load_component("denoiser")
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


@published
def test_published_files_are_known_by_their_hash(home):
    made = imported(PUBLISHED)
    assert {part.name: part.published_name for part in made.bundle.components} == {
        "speechsr24k": "speechsr24k",
        "speechsr48k": "speechsr48k",
    }
    with pytest.raises(BundleError, match="another network"):
        imported(f"speechsr48k={PUBLISHED / 'speechsr24k_G_340000.pth'}", replace=True)
