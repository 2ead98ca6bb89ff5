import math

import numpy as np
import pytest
from scipy import signal

from hierbatch.audio.peak import CONTEXT_SAMPLES, TruePeakMeter, interpolated_peaks
from tests.audio.signals import in_blocks, speech_like, tone


def measure_true_peak(samples):
    meter = TruePeakMeter(1 if samples.ndim == 1 else samples.shape[1])
    meter.push(samples)
    return meter.peak_db()


def faded_tone(part_of_rate, phase, rate_hz=48_000):
    samples = tone(part_of_rate * rate_hz, 0.1, rate_hz, -6.0206, phase)
    return samples * np.minimum(1, np.minimum(np.arange(len(samples)), np.arange(len(samples))[::-1]) / 400)


@pytest.mark.parametrize(
    ("part_of_rate", "phase_degrees"),
    # EBU Tech 3341, table 1, cases 15 to 19: sines whose crests fall between the samples; -6 dBTP +0.2/-0.4 dB
    [(1 / 4, 0), (1 / 4, 45), (1 / 6, 60), (1 / 8, 67.5), (1 / 3, 20), (0.4, 10), (0.05, 3)],
)
def test_a_sines_true_peak_is_its_amplitude(part_of_rate, phase_degrees):
    samples = faded_tone(part_of_rate, np.radians(phase_degrees)).astype(np.float32)
    assert -6.0206 - 0.15 <= measure_true_peak(samples) <= -6.0206 + 0.03


def test_finds_what_the_samples_hide():
    # a quarter of the rate, 45 degrees off: every sample lies 3 dB under the crest
    samples = faded_tone(1 / 4, np.pi / 4).astype(np.float32)
    assert 20 * np.log10(np.abs(samples).max()) == pytest.approx(-9.03, abs=0.02)
    assert measure_true_peak(samples) == pytest.approx(-6.02, abs=0.03)


def test_agrees_with_fourier_interpolation():
    samples = speech_like(0.5, 44_100, level_db=-12).samples
    padded = np.pad(samples.astype(np.float64), 2_000)
    reference = 20 * np.log10(np.abs(signal.resample(padded, len(padded) * 32)).max())
    assert measure_true_peak(samples) == pytest.approx(reference, abs=0.05)


@pytest.mark.parametrize("n_block", [1, 7, 100, 5_000])
def test_streaming_is_the_same_as_whole(n_block):
    samples = speech_like(0.15, 44_100).samples
    meter = TruePeakMeter()
    for block in in_blocks(samples, n_block):
        meter.push(block)
    assert meter.peak_db() == pytest.approx(measure_true_peak(samples), abs=1e-5)


def test_the_loudest_channel_counts_and_silence_has_none():
    left = faded_tone(1 / 4, 0).astype(np.float32)
    assert measure_true_peak(np.stack([left * 0.1, left], axis=1)) == measure_true_peak(left)
    assert measure_true_peak(np.zeros(100, np.float32)) == -math.inf
    assert measure_true_peak(np.zeros(0, np.float32)) == -math.inf


def test_skipping_what_cannot_matter_changes_nothing_that_does():
    samples = np.concatenate([speech_like(0.3, 44_100, level_db=db).samples for db in (-60, -10, -40)])
    exact = interpolated_peaks(samples)
    quick = interpolated_peaks(samples, 0.2)
    assert len(exact) == len(samples) - 2 * CONTEXT_SAMPLES
    assert (np.isclose(quick, exact, rtol=1e-6, atol=0) | (exact < 0.2)).all()
    assert (quick < 0.9 * exact).any()
