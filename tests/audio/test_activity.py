from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from hierbatch.audio.activity import SpeechDetector
from hierbatch.audio.files import read_sound
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform

NARRATOR = Path(__file__).parents[2] / "manifests" / "voices" / "narrator.flac"


@pytest.fixture(scope="module")
def detector():
    n_threads = torch.get_num_threads()
    made = SpeechDetector()
    assert torch.get_num_threads() == n_threads
    return made


@pytest.mark.parametrize("rate_hz", [16_000, 44_100])
def test_speech_is_found_between_silences_and_nothing_else(detector, rate_hz):
    speech = read_sound(NARRATOR)
    quiet = 1e-4 * np.random.default_rng(0).standard_normal(2 * 16_000).astype(np.float32)
    sound = resample(Waveform(np.concatenate([quiet, speech.samples, quiet]), 16_000), rate_hz)
    spans = detector.find(sound)
    assert 1.5 < spans[0].start_s < 2.6
    assert abs(spans[-1].end_s - (2 + speech.duration_s)) < 0.6
    assert sum(span.duration_s for span in spans) > 0.6 * speech.duration_s
    assert all(one.end_s <= other.start_s for one, other in pairwise(spans))


def test_silence_has_no_speech(detector):
    hum = (0.1 * np.sin(2 * np.pi * 100 * np.arange(32_000) / 16_000)).astype(np.float32)
    assert detector.find(Waveform(np.zeros(32_000, np.float32), 16_000)) == ()
    assert detector.find(Waveform(hum, 16_000)) == ()
    assert detector.find(Waveform(hum[:100], 16_000)) == ()
