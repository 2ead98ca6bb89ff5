import torch

from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser, reconstruct_waveform, short_time_spectrum


def test_it_has_the_published_number_of_weights():
    assert sum(value.numel() for value in Denoiser(DenoiserConfig()).parameters()) == 2_048_849


def test_a_sound_is_returned_from_its_spectrum():
    config = DenoiserConfig()
    sound = torch.randn(6437, generator=torch.Generator().manual_seed(1))
    spectrum = short_time_spectrum(sound, config)
    again = reconstruct_waveform(spectrum.abs() ** config.compression, spectrum.angle(), config)
    assert len(again) == 6400
    assert torch.allclose(again, sound[:6400], atol=2e-5)


def test_magnitudes_grow_at_most_by_the_highest_gain():
    torch.manual_seed(0)
    network = Denoiser(DenoiserConfig(channels=8, n_blocks=1)).eval()
    magnitude, phase = torch.rand(201, 30), torch.randn(201, 30)
    with torch.inference_mode():
        clean, turned = network(magnitude, phase)
    assert clean.shape == turned.shape == (201, 30)
    assert (clean >= 0).all()
    assert (clean <= 2 * magnitude).all()
    assert turned.abs().max() <= torch.pi + 1e-6
