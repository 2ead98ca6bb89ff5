"""Measures of voices on signals whose values are known."""

import numpy as np
import pytest
from scipy import signal

from hierbatch.audio.spectrum import mel_centres_hz
from hierbatch.audio.voice_measures import BRIGHTNESS_FROM_HZ, EFFORT_FROM_HZ, formant_shift_octaves, measure_voice
from hierbatch.audio.waveform import Waveform


def buzz(f0_hz: float, spread_semitones: float = 0.0, noise: float = 0.0) -> Waveform:
    """A pulse train with a slow vibrato; a sine's standard deviation is its amplitude over the root of two."""
    times = np.arange(32000) / 16000
    octaves = spread_semitones / 12 * np.sqrt(2) * np.sin(2 * np.pi * times)
    phase = 2 * np.pi * np.cumsum(f0_hz * 2**octaves) / 16000
    pulses = sum(np.cos(k * phase) / k**0.5 for k in range(1, int(7500 / f0_hz / 2**0.5)))
    hiss = noise * np.random.default_rng(0).standard_normal(len(times))
    return Waveform((0.05 * (pulses + hiss)).astype(np.float32), 16000)


def test_pitch_and_liveliness_are_those_of_the_signal():
    measured = measure_voice(buzz(200.0, spread_semitones=2.0))
    assert measured.f0_semitones == pytest.approx(12, abs=0.3)
    assert measured.f0_spread_semitones == pytest.approx(2.0, abs=0.2)
    assert measured.speech_s == pytest.approx(2.0, abs=0.05)


def test_noise_raises_the_aperiodicity():
    shares = [measure_voice(buzz(150.0, noise=noise)).aperiodicity_db for noise in (0.0, 0.03, 0.3)]
    assert shares == sorted(shares)
    assert shares[2] - shares[0] > 6


@pytest.mark.parametrize(
    ("limit_hz", "measure"), [(EFFORT_FROM_HZ, "effort_db"), (BRIGHTNESS_FROM_HZ, "brightness_db")]
)
def test_a_filter_above_the_limit_lowers_its_measure(limit_hz, measure):
    sound = buzz(120.0)
    filtered = signal.sosfilt(signal.butter(2, limit_hz, fs=16000, output="sos"), sound.samples)
    before, after = measure_voice(sound), measure_voice(Waveform(filtered.astype(np.float32), 16000))
    assert getattr(after, measure) < getattr(before, measure) - 3


@pytest.mark.parametrize("octaves", [-0.2, -0.05, 0.0, 0.1, 0.25])
def test_a_formant_shift_is_found(octaves):
    def curve(hz):
        return sum(12 * np.exp(-0.5 * (np.log2(hz / peak) / 0.25) ** 2) for peak in (700, 1400, 2600)) - 6 * np.log2(
            hz / 500
        )

    centres_hz = np.maximum(mel_centres_hz().astype(np.float64), 50.0)
    found = formant_shift_octaves(curve(centres_hz * 2.0**-octaves), curve(centres_hz))
    assert found == pytest.approx(octaves, abs=0.02)
