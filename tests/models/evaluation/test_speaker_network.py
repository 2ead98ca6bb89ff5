import numpy as np
import pytest

from hierbatch.audio.files import read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import ProgramError
from hierbatch.models.evaluation import resemblyzer as speaker_network
from hierbatch.models.evaluation.resemblyzer import ResemblyzerEncoder, find_resemblyzer_weights, similarity
from tests.loading import ROOT

NAMES = ("narrator", "low", "clear", "seoul")


@pytest.fixture(scope="module")
def network():
    if find_resemblyzer_weights() is None:
        pytest.skip("Resemblyzer is not installed")
    return ResemblyzerEncoder.load()


def halves(name):
    sound = read_sound(ROOT / "manifests" / "voices" / f"{name}.flac")
    middle = sound.n_samples // 2
    return Waveform(sound.samples[:middle], sound.rate_hz), Waveform(sound.samples[middle:], sound.rate_hz)


def test_the_halves_of_a_recording_are_nearer_to_each_other_than_to_anybody_else(network):
    embedded = {name: [network.embed(half) for half in halves(name)] for name in NAMES}
    for name in NAMES:
        alike = {other: similarity(embedded[name][0], embedded[other][1]) for other in NAMES}
        assert max(alike, key=alike.get) == name, alike
        assert alike[name] > 0.8


def test_embeddings_have_unit_length_and_do_not_hear_the_pauses(network):
    sound, _ = halves("clear")
    embedding = network.embed(sound)
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-5)
    pause = np.zeros(sound.rate_hz, np.float32)
    padded = Waveform(np.concatenate([pause, sound.samples, pause]), sound.rate_hz)
    assert similarity(embedding, network.embed(padded)) > 0.98


def test_a_blip_and_silence_are_embedded_too(network):
    for samples in (np.zeros(16_000, np.float32), np.ones(10, np.float32)):
        assert np.isfinite(network.embed(Waveform(samples, 16_000))).all()


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(speaker_network, "_PACKAGE", "no_such_package_of_ours")
    assert find_resemblyzer_weights() is None
    with pytest.raises(ProgramError, match="pip install --no-deps Resemblyzer"):
        ResemblyzerEncoder.load()
