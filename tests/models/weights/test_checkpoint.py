import hashlib
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from hierbatch.errors import BundleError
from hierbatch.models.weights.checkpoint import Checkpoint, Constant, Rename, load_weights, read_checkpoint, with_prefix
from tests.models.malice import Malice

FILTER = torch.tensor([0.25, 0.5, 0.25])
TABLE = (Constant(r".*\.filter", FILTER), Rename(r"net\.(.+)", r"\1"))


def foreign_weights():
    """Those of a convolution under weight norm, as torch itself splits them, and the convolution."""
    torch.manual_seed(3)
    layer = nn.Conv1d(4, 6, 3)
    parts = {
        "net.bias": layer.bias.detach().clone(),
        "net.weight_g": torch.linalg.vector_norm(layer.weight.detach(), dim=(1, 2), keepdim=True),
        "net.weight_v": 7.5 * layer.weight.detach(),
        "net.filter": FILTER.clone(),
    }
    return parts, layer


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: weights,
        lambda weights: {"generator": weights},
        lambda weights: {"model": weights, "iteration": 3, "optimizer": {"state": {}}, "learning_rate": 1e-4},
    ],
    ids=["bare", "generator", "model"],
)
def test_every_container_is_opened_and_its_file_known_by_its_hash(tmp_path, wrap):
    weights, _ = foreign_weights()
    path = tmp_path / "g.pth"
    torch.save(wrap(weights), path)
    checkpoint = read_checkpoint(path)
    assert checkpoint.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(checkpoint.weights) == list(weights)
    assert all(torch.equal(checkpoint.weights[name], value) for name, value in weights.items())


def test_safetensors_are_opened(tmp_path):
    weights, _ = foreign_weights()
    save_file(weights, tmp_path / "g.safetensors")
    found = read_checkpoint(tmp_path / "g.safetensors").weights
    assert all(torch.equal(found[name], value) for name, value in weights.items())


def test_a_folded_layer_is_the_layer_that_was_split():
    weights, layer = foreign_weights()
    loaded = nn.Conv1d(4, 6, 3)
    load_weights(loaded, Checkpoint("here", "", weights), TABLE)
    assert torch.allclose(loaded.weight, layer.weight, rtol=0, atol=1e-7)
    assert torch.equal(loaded.bias, layer.bias)


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_malicious_pickle_is_refused_and_runs_nothing(tmp_path, is_zip):
    trap, path = tmp_path / "sprung", tmp_path / "g.pth"
    content = {"model": {"net.weight": Malice(trap)}}
    if is_zip:
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content, protocol=2))
    with pytest.raises(BundleError, match="opens without running code"):
        read_checkpoint(path)
    assert not trap.exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04 torn", b"\x80\x02}"])
@pytest.mark.parametrize("name", ["g.pth", "g.safetensors"])
def test_a_damaged_file_ends_in_words(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BundleError, match="cannot be opened"):
        read_checkpoint(tmp_path / name)


def test_a_torn_file_and_a_missing_one_end_in_words(tmp_path):
    path = tmp_path / "g.pth"
    torch.save(foreign_weights()[0], path)
    path.write_bytes(path.read_bytes()[:-200])
    for wanted in (path, tmp_path / "none.pth"):
        with pytest.raises(BundleError, match="cannot be opened"):
            read_checkpoint(wanted)


@pytest.mark.parametrize("content", [{}, [1, 2], {"epoch": 3}, {"model": {"a": torch.ones(1), "b": "text"}}])
def test_a_file_without_weights_is_reported(tmp_path, content):
    torch.save(content, tmp_path / "g.pth")
    with pytest.raises(BundleError, match="has no weights"):
        read_checkpoint(tmp_path / "g.pth")


def test_all_mismatches_are_reported_together_and_nothing_is_loaded():
    weights, _ = foreign_weights()
    del weights["net.weight_g"]
    weights |= {
        "net.bias": torch.zeros(5),
        "net.extra": torch.zeros(2),
        "other.thing": torch.zeros(3),
        "net.filter": FILTER + 0.01,
    }
    model = nn.Conv1d(4, 6, 3)
    before = model.bias.detach().clone()
    with pytest.raises(BundleError) as told:
        load_weights(model, Checkpoint("g.pth", "", weights), TABLE)
    for words in (
        "net.weight_v without its weight_g",
        "missing weight [6, 4, 3]",
        "misshapen bias [5], expected [6]",
        "unexpected extra [2]",
        "unexpected other.thing [3]",
        "net.filter differs from the constant",
    ):
        assert words in str(told.value)
    assert torch.equal(model.bias, before)


def test_weights_that_are_not_numbers_are_reported():
    weights, _ = foreign_weights()
    weights["net.weight_v"][2] = 0  # a direction without a length
    with pytest.raises(BundleError, match="not finite weight"):
        load_weights(nn.Conv1d(4, 6, 3), Checkpoint("g.pth", "", weights), TABLE)


def test_two_names_for_one_weight_are_reported():
    weights, _ = foreign_weights()
    table = (*TABLE, Rename(r"copy\.(.+)", r"\1"))
    with pytest.raises(BundleError, match=r"copy\.bias is a second bias"):
        load_weights(nn.Conv1d(4, 6, 3), Checkpoint("g.pth", "", weights | {"copy.bias": torch.zeros(6)}), table)


def test_names_of_a_module_are_below_its_name():
    part = (Rename(r"layers\.(\d+)\.(g|b)", r"rounds.\1.\2"), Constant(r"window", torch.ones(2)))
    table = with_prefix(r"dec\.(left|right)", r"sides.\1", part)
    network = nn.Module()
    network.sides = nn.ModuleDict({side: nn.Module() for side in ("left", "right")})
    for side in network.sides.values():
        side.rounds = nn.ModuleList([nn.Module(), nn.Module()])
        for layer in side.rounds:
            layer.g = nn.Parameter(torch.zeros(1))
    found = {
        f"dec.{side}.layers.{layer}.g": torch.tensor([float(value)])
        for value, (side, layer) in enumerate([("left", 0), ("left", 1), ("right", 0), ("right", 1)])
    }
    load_weights(network, Checkpoint("file", "", found | {"dec.left.window": torch.ones(2)}), table)
    assert [value.item() for value in network.parameters()] == [0, 1, 2, 3]
    with pytest.raises(BundleError, match=r"dec\.left\.window differs from the constant"):
        load_weights(network, Checkpoint("file", "", found | {"dec.left.window": torch.zeros(2)}), table)
