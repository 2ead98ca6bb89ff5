"""Pictures of samples show the sound at 16 kHz, without an image of what is above 8 kHz."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from hierbatch.training.hierspeechpp import synthesizer_validation
from hierbatch.training.hierspeechpp.synthesizer_validation import convert_to_samples


class _Network(torch.nn.Module):
    def encode_style(self, mel, lengths):
        return mel


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_a_picture_has_the_duration_of_the_sound_and_no_image_of_its_upper_band(rate_hz, monkeypatch):
    times_s = np.arange(rate_hz) / rate_hz
    upper = 0.5 * np.sin(2 * np.pi * 11_000 * times_s) if rate_hz > 22_000 else 0.0
    sound = torch.tensor(0.1 * np.sin(2 * np.pi * 440 * times_s) + upper, dtype=torch.float32)
    monkeypatch.setattr(synthesizer_validation, "Synthesizer", _Network)
    monkeypatch.setattr(
        synthesizer_validation, "synthesize_from_prior", lambda *given: SimpleNamespace(sound=sound[None, None])
    )
    row = SimpleNamespace(style_mel=None, style_lengths=None, sound=sound[None])
    pictured = []
    samples = convert_to_samples(_Network(), [row], rate_hz, lambda narrow: pictured.append(narrow) or narrow[None])
    assert [sample.rate_hz for sample in samples] == [rate_hz, rate_hz]
    wanted = 0.1 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    for narrow in pictured:
        assert narrow.shape == (1, 16_000)
        inner = slice(500, -500)  # the ends of a resampled sound are faded by its filter
        np.testing.assert_allclose(narrow[0, inner].numpy(), wanted[inner], atol=3e-3)
