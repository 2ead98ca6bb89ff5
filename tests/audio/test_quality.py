import math
from dataclasses import asdict, astuple, fields

import numpy as np
import pytest

from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.quality import TakeMeter, measure_take
from hierbatch.audio.waveform import Waveform
from tests.audio.signals import speech_like, tone


def noise(duration_s, level_db, seed=0):
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(round(duration_s * 16_000))


def measured(*parts):
    return measure_take(Waveform(np.concatenate(parts).astype(np.float32), 16_000))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_samples", [0, 1, 319, 320, 3_200, 6_400])
@pytest.mark.parametrize("value", [0.0, 0.3])
def test_any_length_gives_finite_numbers(n_samples, value):
    quality = measured(np.full(n_samples, value))
    assert all(number is None or math.isfinite(number) for number in astuple(quality))


def test_silence_is_reported_as_silence():
    quality = measured(np.zeros(16_000))
    assert quality.silence_ratio == 1
    assert quality.longest_silence_s == pytest.approx(1.0)
    assert (quality.rms_db, quality.peak_db) == (-120, -120)
    assert quality.loudness_lufs is None
    assert quality.snr_db is None


def test_levels_of_a_tone():
    quality = measured(tone(1_000, 2, 16_000, -6))
    assert quality.peak_db == pytest.approx(-6, abs=0.01)
    assert quality.rms_db == pytest.approx(-9.01, abs=0.01)
    assert quality.loudness_lufs == pytest.approx(measure_loudness(tone(1_000, 2, 16_000, -6), 16_000))
    assert quality.silence_ratio == 0


def test_inner_silence_is_measured_and_edges_are_not():
    gap = np.zeros(round(0.6 * 16_000))
    quality = measured(np.zeros(16_000), tone(300, 1, 16_000, -20), gap, tone(300, 1, 16_000, -20), np.zeros(16_000))
    assert quality.longest_silence_s == pytest.approx(0.6, abs=0.021)
    assert quality.silence_ratio == pytest.approx(2.6 / 4.6, abs=0.02)


def test_clipped_samples_are_counted():
    samples = tone(100, 0.5, 16_000, -3)
    samples[[5, 50, 500]] = [1.0, -1.2, 32767 / 32768]
    assert measured(samples).clipped_samples == 3


@pytest.mark.parametrize("snr_db", [10, 25, 40])
def test_signal_to_noise_is_estimated(snr_db):
    speech = np.concatenate([tone(300, 1, 16_000, -17), np.zeros(8_000)])  # RMS -20 dB while it sounds
    quality = measured(speech + noise(1.5, -20 - snr_db))
    assert quality.snr_db == pytest.approx(snr_db, abs=1.5)


def test_every_measure_reports_what_it_is():
    # The names are columns of the takes table.
    assert [field.name for field in fields(measured(speech_like(1.0).samples))] == [
        "loudness_lufs", "rms_db", "peak_db", "silence_ratio", "longest_silence_s", "clipped_samples", "snr_db",
    ]  # fmt: skip


def test_blocks_of_any_size_are_measured_as_the_whole():
    parts = [noise(0.3, -70), tone(220, 1.0, 16_000, 0), noise(2.5, -70), tone(330, 0.7, 16_000, -12)]
    samples = np.concatenate(parts).astype(np.float32)[:-77]
    meter = TakeMeter(16_000)
    for start in range(0, len(samples), 1_234):
        meter.push(samples[start : start + 1_234])
    assert meter.n_samples == len(samples)
    assert asdict(meter.quality()) == pytest.approx(asdict(measure_take(Waveform(samples, 16_000))), rel=1e-9)
