"""The measures that real recordings are listened to by hear what they say they hear."""

import numpy as np
import pytest

from hierbatch.audio.waveform import Waveform
from tests.loading import load_script

benchmark = load_script("benchmarks/real_recordings.py")
RATE_HZ = 48_000


def noise(n_samples=RATE_HZ):
    return np.random.default_rng(0).standard_normal(n_samples).astype(np.float32) * 0.05


def test_a_jump_is_a_click_and_noise_is_not():
    samples = noise()
    samples[24_000:] += 2.0
    at_jump, *elsewhere = benchmark.clicks(Waveform(samples, RATE_HZ), [24_000, 6_000, 12_000, 36_000])
    assert at_jump > 2 * max(elsewhere)
    assert max(elsewhere) < 4
    assert benchmark.clicks(Waveform(np.zeros(RATE_HZ, np.float32), RATE_HZ), [24_000]) == []


def test_the_level_of_a_band_is_its_share_of_white_noise_and_nothing_without_a_top():
    sound = Waveform(noise(), RATE_HZ)
    assert benchmark.band_level_db(sound, (8_000, 12_000)) == pytest.approx(-3.0, abs=0.3)
    spectrum = np.fft.rfft(sound.samples)
    spectrum[8_000:] = 0
    low = Waveform(np.fft.irfft(spectrum).astype(np.float32), RATE_HZ)
    assert benchmark.band_level_db(low, (8_000, 12_000)) < -100


def test_borders_are_inside_and_a_short_recording_has_none():
    long = noise(50 * 16_000)
    for borders in (benchmark.upsampling_boundaries, benchmark.conversion_boundaries):
        assert len(borders(long)) == 2
        assert all(0 < place < len(long) for place in borders(long))
        assert borders(long[: 16_000 * 10]) == []
