"""The light SpeechSR leaves what was there, puts its top where it belongs, and treats a row alike everywhere."""

import numpy as np
import pytest
import torch

from hierbatch.errors import BundleError
from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
from tests.models.among_others import LENGTHS, snr_db
from tests.tiny_speechsr import CONFIG, tiny_network

RATES = (24_000, 48_000)


def noise(n_samples, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn((1, 1, n_samples), generator=generator)


def tone(hz, rate_hz, duration_s=0.5):
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    return torch.from_numpy(0.3 * np.sin(2 * np.pi * hz * times)).float()


@pytest.mark.parametrize("rate_hz", RATES)
def test_what_was_there_stays_as_it_was(rate_hz):
    network = tiny_network(rate_hz)
    torch.nn.init.constant_(network.output_projection.bias, -100.0)  # as quiet a top as it can give
    for hz in (97.0, 1003.0, 6907.0):
        with torch.no_grad():
            made = network(tone(hz, 16_000)[None, None])[0, 0]
        error = (made - tone(hz, rate_hz))[2000:-2000].abs().max()
        assert error < 0.3e-3, hz  # 60 dB under the tone


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_new_sound_is_above_what_was_there(rate_hz):
    with torch.no_grad():
        network = tiny_network(rate_hz)
        loud = network(noise(16_000))
        torch.nn.init.constant_(network.output_projection.bias, -100.0)
        torch.nn.init.zeros_(network.output_projection.weight)
        added = (loud - network(noise(16_000)))[0, 0].double().numpy()
    power = np.abs(np.fft.rfft(added * np.hanning(len(added)))) ** 2
    hz = np.fft.rfftfreq(len(added), 1 / rate_hz)
    outside = power[hz < 7_300].sum()
    inside = power[(hz > 8_000) & (hz < 11_900)].sum()
    assert inside > 1e4 * outside > 0


def test_above_the_learned_band_noise_follows_its_edge_half_the_way():
    network, levels = tiny_network(48_000), []
    torch.nn.init.zeros_(network.output_projection.weight)
    for edge in (0.0, 1.0):  # 2.5 nepers apart
        torch.nn.init.constant_(network.output_projection.bias, edge)
        with torch.no_grad():
            made = network(noise(16_000))[0, 0].double().numpy()
        power = np.abs(np.fft.rfft(made * np.hanning(len(made)))) ** 2
        hz = np.fft.rfftfreq(len(made), 1 / 48_000)
        levels.append([power[(hz > low) & (hz < low + 500)].mean() for low in (19_400, 20_200, 23_400)])
    rise_db = 10 * np.log10(np.array(levels[1]) / levels[0])
    np.testing.assert_allclose(rise_db, 2.5 * 20 / np.log(10) * np.array([1.0, 0.56, 0.56]), atol=0.7)
    assert levels[0][2] < levels[0][1] < levels[0][0]


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_row_among_31_others_is_the_row_alone(rate_hz):
    # In double precision: processors round rows of different lengths differently.
    network, lengths = tiny_network(rate_hz).double(), torch.tensor([300 + 101 * length for length in LENGTHS])
    rows = torch.cat([noise(int(lengths.max()), seed) for seed in range(len(lengths))]).double()
    with torch.no_grad():
        together = network(rows, lengths)
        for row, n_samples in enumerate(lengths.tolist()):
            alone = network(rows[row : row + 1, :, :n_samples])[0, 0]
            assert len(alone) == n_samples * rate_hz // 16_000
            assert snr_db(alone, together[row, 0, : len(alone)]) > 80
            assert not together[row, 0, len(alone) :].any()


def test_one_set_of_weights_serves_both_rates():
    assert tiny_network(24_000).state_dict().keys() == tiny_network(48_000).state_dict().keys()


def test_a_copy_keeps_its_phase_from_frame_to_frame():
    """A steady tone in the copied band becomes steady tones above: no beating at the rate of frames."""
    network = tiny_network()
    torch.nn.init.zeros_(network.output_projection.weight)
    with torch.no_grad():
        made = network(tone(5_000.0, 16_000, 1.0)[None, None])[0, 0].double().numpy()
    inner = made[12_000:36_000] * np.hanning(24_000)
    power = np.abs(np.fft.rfft(inner)) ** 2
    hz = np.fft.rfftfreq(24_000, 1 / 48_000)
    copied = 5_000 + CONFIG.copied_bins * 31.25
    near = (np.abs(hz - copied) < 8).nonzero()[0]
    around = ((np.abs(hz - copied) < 200) & (np.abs(hz - copied) >= 8)).nonzero()[0]
    assert power[near].sum() > 1e3 * power[around].sum()


def test_silence_stays_silent_and_other_configurations_are_reported():
    with torch.no_grad():
        assert tiny_network()(torch.zeros(1, 1, 4_000)).abs().max() < 1e-4
    assert SpeechSRLiteConfig.from_dict(CONFIG.to_dict()) == CONFIG
    with pytest.raises(BundleError, match="depth"):
        SpeechSRLiteConfig.from_dict({"depth": 3})
