import numpy as np
import pytest
import torch
import torchaudio
from scipy import signal

from hierbatch.audio.resample import resample, resample_blocks, resampled_length
from hierbatch.audio.waveform import Waveform
from tests.audio.signals import speech_like, tone

PAIRS = [(16_000, 44_100), (16_000, 48_000), (24_000, 44_100), (44_100, 16_000), (48_000, 16_000), (48_000, 44_100)]


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
@pytest.mark.parametrize("part_of_nyquist", [0.01, 0.3, 0.85])
def test_a_tone_is_the_same_tone(from_hz, to_hz, part_of_nyquist):
    frequency_hz = part_of_nyquist * min(from_hz, to_hz) / 2
    got = resample(Waveform(tone(frequency_hz, 1.0, from_hz, -6), from_hz), to_hz).samples
    inside = slice(to_hz // 20, -to_hz // 20)
    reference = tone(frequency_hz, 1.0, to_hz, -6)[inside].astype(np.float64)
    gain = got[inside] @ reference / (reference @ reference)
    assert abs(20 * np.log10(gain)) < 0.01
    np.testing.assert_allclose(got[inside], gain * reference, atol=3e-5)


@pytest.mark.parametrize("frequency_hz", [8_000, 9_000, 15_000, 23_000])
def test_nothing_folds_back(frequency_hz):
    got = resample(Waveform(tone(frequency_hz, 1.0, 48_000), 48_000), 16_000).samples
    assert 20 * np.log10(np.abs(got[800:-800]).max()) < -120


@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_the_pass_band_reaches_90_percent_of_the_lower_nyquist_frequency(from_hz, to_hz):
    frequency_hz = 0.9 * min(from_hz, to_hz) / 2
    got = resample(Waveform(tone(frequency_hz, 1.0, from_hz, -6), from_hz), to_hz).samples
    inside = slice(to_hz // 20, -to_hz // 20)
    gain = np.sqrt(2 * np.square(got[inside], dtype=np.float64).mean()) / 10 ** (-6 / 20)
    assert abs(20 * np.log10(gain)) < 0.05


def test_agrees_with_a_kaiser_filter_below_90_percent_of_the_nyquist_frequency():
    sound = speech_like(2.0, 16_000)
    narrow = signal.sosfiltfilt(signal.butter(24, 6_400, fs=16_000, output="sos"), sound.samples)
    narrow = Waveform(narrow.astype(np.float32), 16_000)
    reference = signal.resample_poly(
        narrow.samples.astype(np.float64), 3, 1, window=signal.firwin(2_401, 1 / 3.06, window=("kaiser", 12.0))
    )
    got = resample(narrow, 48_000).samples[: len(reference)]
    inside = slice(4_800, -4_800)
    error = got[inside] - reference[inside]
    assert 10 * np.log10(np.square(reference[inside]).sum() / np.square(error).sum()) > 90


def test_agrees_with_torchaudio_where_both_pass():
    sound = speech_like(1.0, 16_000)
    smooth = resample(resample(sound, 8_000), 16_000)  # nothing above 4 kHz, where the filters differ
    theirs = torchaudio.functional.resample(torch.from_numpy(smooth.samples), 16_000, 44_100, lowpass_filter_width=64)
    ours = resample(smooth, 44_100).samples
    inside = slice(2_000, -2_000)
    np.testing.assert_allclose(ours[inside], theirs.numpy()[inside], atol=2e-3 * np.abs(ours).max())


@pytest.mark.parametrize("n_samples", [0, 1, 2, 159, 160, 161, 16_001])
@pytest.mark.parametrize(("from_hz", "to_hz"), PAIRS)
def test_length_is_what_was_promised(n_samples, from_hz, to_hz):
    got = resample(Waveform(np.ones(n_samples, np.float32), from_hz), to_hz)
    assert got.n_samples == resampled_length(n_samples, from_hz, to_hz) == -(-n_samples * to_hz // from_hz)
    assert np.isfinite(got.samples).all()


def test_an_impulse_stays_where_it_was():
    samples = np.zeros(16_000, np.float32)
    samples[8_000] = 1
    assert np.argmax(resample(Waveform(samples, 16_000), 48_000).samples) == 24_000


def test_the_same_rate_changes_nothing():
    sound = speech_like(0.1)
    assert resample(sound, sound.rate_hz) is sound


@pytest.mark.parametrize(("from_hz", "to_hz"), [*PAIRS, (11_025, 16_000), (8_000, 8_000)])
@pytest.mark.parametrize("n_samples", [0, 1, 161, 16_001])
@pytest.mark.parametrize("block", [1_000, 7_777, 1 << 20])
def test_blocks_joined_are_the_whole(from_hz, to_hz, n_samples, block):
    samples = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32)
    blocks = (samples[start : start + block] for start in range(0, n_samples, block))
    joined = np.concatenate([np.zeros(0, np.float32), *resample_blocks(blocks, from_hz, to_hz)])
    np.testing.assert_array_equal(joined, resample(Waveform(samples, from_hz), to_hz).samples)
