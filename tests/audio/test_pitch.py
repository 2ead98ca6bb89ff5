import numpy as np

from hierbatch.audio.pitch import estimate_f0, fill_unvoiced, is_speech_voiced, median_f0_hz
from hierbatch.audio.waveform import Waveform


def test_f0_of_a_glide_is_followed() -> None:
    n = 32000
    f0_hz = np.linspace(110, 220, n)
    phase = 2 * np.pi * np.cumsum(f0_hz / 16000)
    sound = Waveform((0.1 * np.exp(4 * (np.cos(phase) - 1))).astype(np.float32), 16000)
    found = estimate_f0(sound)
    assert len(found) == 200
    wanted = f0_hz.reshape(200, 160).mean(1)
    voiced = found > 0
    assert voiced[10:-10].all()
    assert np.abs(found[10:-10] / wanted[10:-10] - 1).max() < 0.01


def test_the_pitch_of_a_frame_is_not_that_of_its_neighbours() -> None:
    rng = np.random.default_rng(0)
    f0_hz = 150 * np.exp(np.repeat(0.06 * rng.standard_normal(200), 160))  # one semitone of jitter from frame to frame
    phase = 2 * np.pi * np.cumsum(f0_hz / 16000)
    found = estimate_f0(Waveform((0.1 * np.exp(4 * (np.cos(phase) - 1))).astype(np.float32), 16000))
    voiced = found > 0
    assert voiced[5:-5].all()
    assert np.median(np.abs(found[voiced] / f0_hz[80::160][voiced] - 1)) < 0.01


def test_a_glide_is_voiced_speech_and_noise_is_not() -> None:
    noises = [np.random.default_rng(seed).normal(0, 0.1, 48_000).astype(np.float32) for seed in range(10)]
    assert sum(is_speech_voiced(Waveform(noise, 16000)) for noise in noises) <= 3
    assert sum((estimate_f0(Waveform(noise, 16000)) > 0).any() for noise in noises) == 10
    phase = 2 * np.pi * np.cumsum(np.linspace(110, 220, 32_000) / 16000)
    assert is_speech_voiced(Waveform((0.1 * np.exp(4 * (np.cos(phase) - 1))).astype(np.float32), 16000))


def test_silence_is_unvoiced() -> None:
    assert (estimate_f0(Waveform(np.zeros(8000, np.float32), 16000)) == 0).all()


def test_filling_joins_voiced_stretches_in_octaves() -> None:
    filled = fill_unvoiced(np.array([0, 100, 0, 0, 0, 200, 0], np.float32))
    np.testing.assert_allclose(filled, [100, 100, 118.92, 141.42, 168.18, 200, 200], rtol=1e-4)
    assert (fill_unvoiced(np.zeros(3, np.float32), 130.0) == 130).all()
    assert median_f0_hz(np.array([0, 90, 100, 110], np.float32)) == 100
