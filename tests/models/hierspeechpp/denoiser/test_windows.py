from itertools import pairwise

import pytest
import torch

from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser, reconstruct_waveform, short_time_spectrum
from hierbatch.models.hierspeechpp.denoiser.windows import denoise, window_starts
from tests.models.golden_rule import with_rule_weights


@pytest.fixture(scope="module")
def network():
    return with_rule_weights(Denoiser(DenoiserConfig(channels=8, n_blocks=1)).eval())


def noisy(n_samples):
    time_s = torch.arange(n_samples) / 16_000
    random = torch.Generator().manual_seed(3)
    tone = torch.sin(2 * torch.pi * 180 * time_s) * (torch.sin(2 * torch.pi * 3 * time_s) > 0)
    return 0.2 * tone + 0.02 * torch.randn(n_samples, generator=random)


def snr_db(wanted, found):
    return float(10 * torch.log10(wanted.pow(2).sum() / (wanted - found).pow(2).sum()))


@pytest.mark.parametrize("n_frames", [1, 639, 640, 641, 700, 1120, 1121, 9601])
def test_windows_cover_a_sound_and_share_enough(n_frames):
    starts = window_starts(n_frames, 640, 160)
    ends = [start + 640 for start in starts]
    assert starts[0] == 0
    assert ends[-1] == n_frames or (len(starts) == 1 and n_frames <= 640)
    assert all(later - earlier <= 640 - 160 for earlier, later in pairwise(starts))
    assert len(starts) <= 1 + n_frames / (640 - 160)


def test_a_sound_of_one_window_is_encoded_whole(network):
    sound = noisy(4837)
    gain = (len(sound) / sound.pow(2).sum()).sqrt()
    with torch.inference_mode():
        spectrum = short_time_spectrum(gain * sound, network.config)
        magnitude, phase = network(spectrum.abs() ** 0.3, spectrum.angle())
        wanted = reconstruct_waveform(magnitude, phase, network.config) / gain
        assert torch.allclose(denoise(network, sound), wanted, atol=1e-6)


def test_windows_that_share_all_they_hear_make_no_seam():
    class Halving(torch.nn.Module):
        config = DenoiserConfig()

        def forward(self, magnitude, phase):
            return 0.5**0.3 * magnitude, phase

    sound = noisy(32_050)
    with torch.inference_mode():
        found = denoise(Halving(), sound, window_s=0.5)
    assert torch.allclose(found, sound[:32_000] / 2, atol=1e-5)


def test_windows_keep_the_level_of_the_whole(network):
    sound = noisy(16_000)
    with torch.inference_mode():
        once, louder = (denoise(network, gain * sound, window_s=0.4) for gain in (1.0, 8.0))
    assert snr_db(8 * once, louder) > 50


def test_windows_are_close_to_the_whole(network):
    sound = noisy(16_000)
    with torch.inference_mode():
        whole, windowed = denoise(network, sound), denoise(network, sound, window_s=0.5)
    assert whole.shape == windowed.shape == (16_000,)
    assert snr_db(whole, windowed) > 6


def test_digital_silence_stays_silent(network):
    assert not denoise(network, torch.zeros(1234)).any()
