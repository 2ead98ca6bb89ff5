"""The plain SpeechSR that speed is compared with does the same maths, and the distance measures what it says."""

import sys

import numpy as np
import pytest
import torch

from hierbatch.audio.waveform import Waveform
from hierbatch.models.hierspeechpp.speechsr.config import speechsr_24k, speechsr_48k
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from tests.loading import ROOT, load_script

sys.path.insert(0, str(ROOT / "benchmarks"))
benchmark = load_script("benchmarks/super_resolution.py")
plain = load_script("benchmarks/plain_speechsr.py")


@pytest.mark.parametrize("config", [speechsr_24k(), speechsr_48k()], ids=["24k", "48k"])
def test_the_plain_network_gives_the_same_sound(config):
    torch.manual_seed(0)
    model = SpeechSR(config).eval()
    for name, value in model.named_parameters():
        torch.nn.init.normal_(value, std=0.3 if "log_" in name else 0.15)
    sound = 0.1 * torch.randn(1, 1, 800)
    with torch.inference_mode():
        torch.testing.assert_close(plain.PlainSpeechSR(model)(sound), model(sound), rtol=0, atol=2e-4)


def test_a_louder_top_is_as_far_as_it_is_louder():
    rng = np.random.default_rng(0)
    quiet = Waveform(0.1 * rng.standard_normal(48_000).astype(np.float32), 48_000)
    loud = Waveform(quiet.samples * 2, 48_000)
    assert benchmark.band_distance_db(loud, quiet, (8_000, 20_000)) == pytest.approx(6.02, abs=0.1)
    assert benchmark.band_distance_db(quiet, quiet, (8_000, 20_000)) == 0
    pause = np.zeros(96_000, np.float32)  # twice as much in which nothing differs
    quiet, loud = (Waveform(np.concatenate([x.samples, pause]), 48_000) for x in (quiet, loud))
    assert benchmark.band_distance_db(loud, quiet, (8_000, 20_000)) == pytest.approx(2.0, abs=0.2)
    assert benchmark.band_distance_db(loud, quiet, (8_000, 20_000), speech=True) == pytest.approx(6.02, abs=0.1)
