import pytest
import torch

from hierbatch.models.lite.song_noise import song_noise_gains


def test_the_noise_of_high_vowels_is_lower_and_consonants_and_low_vowels_keep_theirs():
    f0_hz = torch.tensor([100.0, 300.0, 367.42, 450.0, 1000.0, 1000.0])
    gains = song_noise_gains(f0_hz, torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]))
    assert gains.tolist() == pytest.approx([1.0, 1.0, 0.65, 0.3, 0.3, 1.0], abs=1e-3)
