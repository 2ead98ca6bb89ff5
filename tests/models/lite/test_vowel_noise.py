import pytest
import torch

from hierbatch.models.lite.singing import vowel_noise_gains


def test_the_noise_of_vowels_falls_with_their_pitch_and_consonants_keep_theirs():
    f0_hz = torch.tensor([100.0, 300.0, 367.42, 450.0, 1000.0, 1000.0])
    gains = vowel_noise_gains(f0_hz, torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 0.0]))
    assert gains.tolist() == pytest.approx([0.75, 0.75, 0.525, 0.3, 0.3, 1.0], abs=1e-3)
