import dataclasses
import tomllib
from collections.abc import Mapping

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hierbatch.errors import InputError
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.toml_config import make_config, read_config, to_toml
from hierbatch.training.config_file import find_config, shipped_configs
from hierbatch.training.hierspeechpp.speechsr_config import SpeechSRTraining
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerTraining
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining

KINDS = {"synthesizer": SynthesizerTraining, "ttv": TextToVectorTraining, "speechsr": SpeechSRTraining}
NETWORKS = {"synthesizer": Synthesizer, "ttv": TextToVector, "speechsr": SpeechSR}
MILLIONS = {
    "synthesizer_16k": 96.93, "synthesizer_16k_large": 195.6, "synthesizer_24k": 97.07, "synthesizer_24k_large": 195.8,
    "synthesizer_48k": 97.2, "synthesizer_48k_large": 196.0, "ttv": 108.5, "ttv_v2": 277.8, "ttv_50m": 51.2,
    "ttv_lite": 9.56, "ttv_multilingual": 108.5, "speechsr_24k": 0.1313, "speechsr_48k": 0.1313,
    "synthesizer_tiny": 1.49, "synthesizer_48k_tiny": 3.02, "ttv_tiny": 0.72, "speechsr_tiny": 0.00426,
    "ttv_hierarchical": 117.17,
}  # fmt: skip
"""Weights of each shipped configuration in millions, weight norm folded."""


def config_of(name):
    return read_config(KINDS[name.partition("_")[0]], find_config(name))


def test_every_shipped_configuration_is_listed():
    assert shipped_configs().keys() == MILLIONS.keys()


@pytest.mark.parametrize("name", MILLIONS)
def test_every_configuration_makes_a_network_of_its_size(name):
    config = config_of(name)
    with torch.device("meta"):
        network = NETWORKS[name.partition("_")[0]](config.network)
    count = sum(weight.numel() for weight in network.parameters()) / 1e6
    assert count == pytest.approx(MILLIONS[name], rel=0.002)


@pytest.mark.parametrize("name", ["synthesizer_16k", "ttv", "speechsr_48k"])
def test_the_values_in_the_published_configurations_are_the_defaults(name):
    config, default = config_of(name), KINDS[name.partition("_")[0]]()
    for field in dataclasses.fields(config):
        found, wanted = getattr(config, field.name), getattr(default, field.name)
        if field.name == "optimizer":
            assert found.learning_rate_decay == pytest.approx(wanted.learning_rate_decay, rel=1e-9)
            found = dataclasses.replace(found, learning_rate_decay=wanted.learning_rate_decay)
        assert found == wanted, field.name


@pytest.mark.parametrize("name", MILLIONS)
def test_a_recorded_configuration_is_read_unchanged(name, tmp_path):
    config = config_of(name)
    (tmp_path / "config.toml").write_text(to_toml(config))
    assert read_config(type(config), tmp_path / "config.toml") == config


def test_a_table_changes_only_the_keys_that_it_names(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[data]\nbatch_rows = 8\n[optimizer]\nlearning_rate = 1\n")
    config = read_config(SynthesizerTraining, path)
    assert (config.data.batch_rows, config.data.max_frames, config.optimizer.learning_rate) == (8, 192, 1.0)
    assert config.optimizer.betas == (0.8, 0.99)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate = 16000", "unknown keys.*rate_hz.*rate"),
        ("[network]\nchannel = 3", "network has unknown keys.*channel"),
        ("rate_hz = 'fast'", "rate_hz has the wrong type.*int"),
        ("[data]\nspeaker_balance = 1", "wrong type.*bool"),
        ("[network]\nchannels = [3]", "wrong type"),
        ("rate_hz = ", "cannot be read"),
        ("[losses]\nmixup = 1", "reserved"),
    ],
)
def test_a_faulty_configuration_is_refused_by_name(text, message, tmp_path):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(InputError, match=f"(?s){message}"):
        read_config(SynthesizerTraining, tmp_path / "mine.toml")


def test_an_unknown_name_lists_the_shipped_ones():
    with pytest.raises(InputError, match="synthesizer_48k_large"):
        find_config("synthesizer_96k")
    assert make_config(SpeechSRTraining, {}, "empty").network.rate_hz == 48_000


@pytest.mark.parametrize(
    "content",
    [b"\xff", b"a = [", b"a = " + b"[" * 50_000, b"a = " + b"9" * 5000, b"[run]\nn_steps = 2020-01-01", b"run = 1",
     b"[optimizer]\nlearning_rate = " + b"9" * 400, b"[[run]]\n", b"unknown = 1"],
)  # fmt: skip
def test_damaged_configurations_end_in_one_message(content, tmp_path):
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(InputError):
        read_config(TextToVectorTraining, tmp_path / "mine.toml")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inner:
    words: tuple[str, ...] = ()
    limit: int | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outer:
    name: str = ""
    spelling: Mapping[str, str] = dataclasses.field(default_factory=dict)
    inner: Inner = dataclasses.field(default_factory=Inner)
    factor: float | None = 0.5


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(
    st.builds(
        Outer,
        name=TEXTS,
        spelling=st.dictionaries(TEXTS, TEXTS, max_size=3),
        inner=st.builds(Inner, words=st.lists(TEXTS, max_size=3).map(tuple), limit=st.none() | st.integers(-9, 9)),
        factor=st.floats(allow_nan=False),
    )
)
@settings(max_examples=60, deadline=None)
def test_any_configuration_is_recorded_and_read_unchanged(config):
    assert make_config(Outer, tomllib.loads(to_toml(config)), "test") == config


def test_a_none_that_would_be_read_as_another_value_is_refused():
    with pytest.raises(ValueError, match="factor"):
        to_toml(Outer(factor=None))
