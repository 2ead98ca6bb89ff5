import numpy as np
import pytest
from scipy import signal

from hierbatch.constants import FRAME_HOP_SAMPLES, RATE_HZ
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import UtteranceSegment, load_batch
from hierbatch.training.speed_augmentation import _resample_audio, load_resampled, random_speeds


def test_ratio_one_is_the_recording(prepared: PreparedSet) -> None:
    segments = [UtteranceSegment(u, 3, 40 - i) for i, u in enumerate(prepared.utterances)]
    plain, shifted = (
        load_batch(prepared, segments),
        load_resampled(prepared, segments, np.ones(len(segments), np.float32)),
    )
    for name in ("lengths", "audio", "semantic", "f0_hz", "voiced"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(shifted, name), err_msg=name)


@pytest.mark.parametrize("ratio", [0.87, 1.17])
def test_pitch_moves_with_the_ratio_and_time_against_it(prepared: PreparedSet, ratio: float) -> None:
    utterance = next(u for u in prepared.utterances if u.id == "a2")
    segment = UtteranceSegment(utterance, 10, 70)
    plain = load_batch(prepared, [segment])
    shifted = load_resampled(prepared, [segment], np.array([ratio], np.float32))
    assert shifted.lengths[0] == round(70 / ratio)
    assert shifted.audio.shape[1] == shifted.lengths[0] * FRAME_HOP_SAMPLES
    assert np.median(shifted.f0_hz) / np.median(plain.f0_hz) == pytest.approx(ratio, rel=0.01)
    assert strongest_hz(shifted.audio[0]) / strongest_hz(plain.audio[0]) == pytest.approx(ratio, rel=0.02)


def strongest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft((samples - samples.mean()) * np.hanning(len(samples)), 1 << 18))
    return float(np.argmax(spectrum) * RATE_HZ / (1 << 18))


def test_most_voices_stay_as_they_are() -> None:
    ratios = random_speeds(4000, np.random.default_rng(0))
    assert 0.55 < np.mean(ratios == 1.0) < 0.65
    assert ratios.min() > 0.86
    assert ratios.max() < 1.18
    assert abs(np.log(ratios).mean()) < 0.01


@pytest.mark.parametrize("n_samples", [1600, 1601])
@pytest.mark.parametrize("length", [1280, 1281, 1600, 1920, 1921])
def test_audio_is_resampled_as_scipy_does(n_samples, length):
    samples = np.random.default_rng(0).standard_normal(n_samples).astype(np.float32)
    np.testing.assert_allclose(_resample_audio(samples, length), signal.resample(samples, length), atol=1e-5)
