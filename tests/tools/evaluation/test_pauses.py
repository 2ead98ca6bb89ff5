"""Timing of clips made of noise and silence of known lengths."""

import numpy as np
import pytest

from hierbatch.audio.waveform import Waveform
from tools.evaluation.pauses import measure_timing


def clip(*parts_s):
    """Noise and silence in turn, noise first."""
    rng = np.random.default_rng(0)
    parts = [0.1 * rng.standard_normal(round(16_000 * s)) * (i % 2 == 0) for i, s in enumerate(parts_s)]
    return Waveform(np.concatenate(parts).astype(np.float32), 16_000)


def test_pauses_count_and_closures_and_silent_ends_do_not():
    timing = measure_timing(clip(0, 0.4, 1.0, 0.06, 1.0, 0.5, 0.6, 0.3))
    assert timing.speech_s == pytest.approx(3.16, abs=0.021)
    assert timing.pause_s == pytest.approx(0.5, abs=0.021)


def test_silence_has_no_duration():
    assert measure_timing(clip(0, 1.0)).speech_s == 0
