"""The detector in NumPy against the package's own network and rule."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from hierbatch.audio.activity import SpeechDetector
from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.silero import SileroNetwork, _weights_file
from hierbatch.audio.waveform import Waveform
from tests.loading import ROOT

TORCH_NAMES = {
    "_model.stft.forward_basis_buffer": "stft_conv.weight",
    **{
        f"_model.encoder.{i}.reparam_conv.{part}": f"conv{i + 1}.{part}"
        for i in range(4)
        for part in ("weight", "bias")
    },
    **{
        f"_model.decoder.rnn.{part}_{of}": f"lstm_cell.{part}_{of}"
        for part in ("weight", "bias")
        for of in ("ih", "hh")
    },
    "_model.decoder.decoder.2.weight": "final_conv.weight",
    "_model.decoder.decoder.2.bias": "final_conv.bias",
}
NARRATOR = Path(__file__).parents[2] / "manifests" / "voices" / "narrator.flac"


@pytest.fixture(scope="module")
def package():
    n_threads = torch.get_num_threads()
    import silero_vad

    torch.set_num_threads(n_threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = silero_vad.load_silero_vad()
    # The package's TorchScript file has a later training run's weights than its safetensors file, for one network.
    weights = load_file(_weights_file())
    for name, tensor in network.state_dict().items():
        if name in TORCH_NAMES:
            tensor.copy_(torch.from_numpy(weights[TORCH_NAMES[name]]))
    return silero_vad, network


@pytest.fixture(scope="module")
def recording():
    rng = np.random.default_rng(0)
    speech = resample(read_sound(NARRATOR), 16_000).samples
    noise = (0.003 * rng.standard_normal(40_123)).astype(np.float32)
    return np.concatenate([noise, speech[:60_000], noise[:9_000], 0.1 * speech[60_000:], noise])


def test_probabilities_are_those_of_the_package(package, recording):
    _, network = package
    network.reset_states()
    padded = np.pad(recording, (0, -len(recording) % 512))
    expected = [network(torch.from_numpy(padded[i : i + 512]), 16_000).item() for i in range(0, len(padded), 512)]
    np.testing.assert_allclose(SileroNetwork().speech_probabilities(recording), expected, atol=2e-4)


def test_intervals_are_those_of_the_package(package, recording):
    silero_vad, network = package
    options = {"threshold": 0.4, "min_speech_duration_ms": 100, "min_silence_duration_ms": 300, "speech_pad_ms": 100}
    expected = silero_vad.get_speech_timestamps(torch.from_numpy(recording), network, **options)
    found = SpeechDetector().find(Waveform(recording, 16_000))
    assert len(expected) >= 2
    assert [(round(s.start_s * 16_000), round(s.end_s * 16_000)) for s in found] == [
        (interval["start"], interval["end"]) for interval in expected
    ]


def test_the_detector_does_not_import_torch():
    script = (
        "import sys; from hierbatch.audio.activity import SpeechDetector as D; D(); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
