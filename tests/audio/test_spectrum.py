import numpy as np
import torch

from hierbatch.audio.spectrum import (
    FLOOR,
    LOG_CENTRE,
    LOG_SPREAD,
    N_FFT,
    WINDOW_SAMPLES,
    LogMel,
    long_term_spectrum,
    mel_filters,
)


def test_log_mel_equals_a_plain_discrete_fourier_transform() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 1600)
    found = LogMel()(torch.from_numpy(samples).float()[None])[0].numpy()
    assert found.shape == (10, 80)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
    frame = 4
    centre = 160 * frame + 80
    piece = samples[centre - 200 : centre + 200] * window
    turns = np.exp(-2j * np.pi * np.outer(np.arange(N_FFT // 2 + 1), np.arange(400)) / N_FFT)
    wanted = np.log(np.maximum(mel_filters() @ np.abs(turns @ piece), FLOOR))
    np.testing.assert_allclose(found[frame], (wanted - LOG_CENTRE) / LOG_SPREAD, atol=1e-4)


def test_a_band_holds_the_mean_of_its_bins() -> None:
    np.testing.assert_allclose(mel_filters().sum(1), 1.0, rtol=1e-6)
    assert (mel_filters() >= 0).all()


def test_a_long_term_spectrum_knows_neither_level_nor_pauses() -> None:
    speech = np.random.default_rng(0).normal(0, 1, (200, 80)).astype(np.float32)
    pauses = np.full((100, 80), -8.0, np.float32)
    found = long_term_spectrum(np.concatenate([speech, pauses]) + 3.0)
    np.testing.assert_allclose(found, speech.mean(0) - speech.mean(), atol=0.1)
    assert abs(float(found.mean())) < 1e-5
