import pytest
import torch

from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from tests.loading import load_script

benchmark = load_script("benchmarks/denoiser_memory.py")


def test_nearness_is_that_of_the_sounds_and_of_their_magnitudes_alone():
    network = Denoiser(DenoiserConfig(channels=8, n_blocks=1))
    sound = torch.randn(1_000, generator=torch.Generator().manual_seed(0))
    assert benchmark.window_error_db(sound, 1.01 * sound, network) == pytest.approx((40, 40), abs=0.1)
    of_samples, of_magnitudes = benchmark.window_error_db(sound, -sound, network)
    assert of_samples == pytest.approx(-6.02, abs=0.01)
    assert of_magnitudes > 100


def test_weights_of_the_golden_kind_fill_the_whole_network_the_same_every_time():
    one, other = (
        benchmark.with_rule_weights(Denoiser(DenoiserConfig(channels=8, n_blocks=1))).state_dict() for _ in range(2)
    )
    assert all(torch.equal(one[name], value) for name, value in other.items())
