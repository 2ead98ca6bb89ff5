import numpy as np
import pytest

from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.waveform import Waveform


@pytest.mark.parametrize("rate_hz", [8000, 22_050, 44_100, 48_000])
def test_a_tone_stays_the_tone(rate_hz):
    n_samples = rate_hz // 2 + 3
    tone = np.sin(2 * np.pi * 1000 * np.arange(n_samples) / rate_hz).astype(np.float32)
    found = kaiser_resample(Waveform(tone, rate_hz), 16_000)
    assert found.rate_hz == 16_000
    assert found.n_samples == -(-n_samples * 16_000 // rate_hz)
    wanted = np.sin(2 * np.pi * 1000 * np.arange(found.n_samples) / 16_000)
    assert np.abs(found.samples - wanted)[100:-100].max() < 2e-3


def test_a_sound_at_its_rate_is_returned_as_it_is():
    sound = Waveform(np.ones(5, np.float32), 16_000)
    assert kaiser_resample(sound, 16_000) is sound
