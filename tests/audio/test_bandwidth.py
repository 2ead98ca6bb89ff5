"""Bandwidth of noise bursts behind known filters."""

import numpy as np
import pytest
from scipy.signal import firwin, oaconvolve

from hierbatch.audio.bandwidth import measure_bandwidth_hz
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform


def bursts(rate_hz, duration_s=4.0):
    rng = np.random.default_rng(0)
    times = np.arange(int(rate_hz * duration_s)) / rate_hz
    return (0.1 * rng.normal(size=len(times)) * (np.sin(2 * np.pi * 2 * times) > 0)).astype(np.float32)


@pytest.mark.parametrize("edge_hz", [3400, 7000, 11_000, 16_000])
def test_the_edge_of_a_filter_is_found(edge_hz):
    taps = firwin(1001, edge_hz, fs=48_000, window=("kaiser", 9))  # 90 dB within 300 Hz
    filtered = oaconvolve(bursts(48_000), taps, "same")
    assert measure_bandwidth_hz(Waveform(filtered.astype(np.float32), 48_000)) == pytest.approx(edge_hz, abs=300)


def test_resampling_to_a_higher_rate_adds_no_bandwidth():
    narrow = resample(Waveform(bursts(16_000), 16_000), 48_000)
    assert 7_000 < measure_bandwidth_hz(narrow) <= 8_300


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_a_full_band_recording_reaches_half_of_its_rate(rate_hz):
    assert measure_bandwidth_hz(Waveform(bursts(rate_hz), rate_hz)) == pytest.approx(rate_hz / 2, rel=0.02)


def test_silence_and_short_sounds_have_none():
    assert measure_bandwidth_hz(Waveform(np.zeros(48_000, np.float32), 16_000)) is None
    assert measure_bandwidth_hz(Waveform(bursts(16_000, 0.1), 16_000)) is None


def test_steady_noise_is_no_content():
    noise = np.random.default_rng(1).normal(0, 3e-4, 4 * 48_000).astype(np.float32)
    narrow = resample(Waveform(bursts(16_000), 16_000), 48_000).samples + noise
    assert 7_000 < measure_bandwidth_hz(Waveform(narrow, 48_000)) <= 8_300
    assert measure_bandwidth_hz(Waveform(noise, 48_000)) is None
