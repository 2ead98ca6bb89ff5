import numpy as np
import pytest
import torch

from hierbatch.audio.style_mel import N_MELS, StyleMel


def by_definition(samples):
    """Frame by frame in numpy: periodic Hann, HTK triangles on the power, natural logarithm."""
    padded = np.pad(samples.astype(np.float64), 640, mode="reflect")
    window = np.hanning(1281)[:-1]
    top = 2595 * np.log10(1 + 8000 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, N_MELS + 2) / 2595) - 1)
    bins = np.linspace(0, 8000, 641)
    frames = []
    for t in range(len(samples) // 320):
        power = np.abs(np.fft.rfft(padded[320 * t : 320 * t + 1280] * window)) ** 2
        bands = [
            np.maximum(0, np.minimum((bins - low) / (mid - low), (high - bins) / (high - mid))) @ power
            for low, mid, high in zip(edges, edges[1:], edges[2:], strict=False)
        ]
        frames.append(np.log(np.array(bands) + 0.001))
    return np.stack(frames, axis=1)


@pytest.mark.parametrize("n_samples", [641, 1279, 1280, 5001])
def test_it_is_the_log_mel_of_its_definition(n_samples):
    samples = np.random.default_rng(1).normal(scale=0.1, size=n_samples).astype(np.float32)
    found = StyleMel()(torch.from_numpy(samples)).numpy()
    assert found.shape == (N_MELS, n_samples // 320)
    assert np.abs(found - by_definition(samples)).max() < 1e-3


def test_a_sound_shorter_than_half_a_window_is_reported():
    with pytest.raises(ValueError, match="641 samples"):
        StyleMel()(torch.zeros(640))
