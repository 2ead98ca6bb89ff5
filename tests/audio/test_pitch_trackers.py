import numpy as np
import pytest

from hierbatch.audio import pitch_trackers
from hierbatch.audio.pitch import estimate_long_f0
from hierbatch.audio.pitch_trackers import PITCH_TRACKERS, pitch_tracker
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, ProgramError

RATE_HZ = 16_000


def buzz(duration_s, f0_hz):
    phase = 2 * np.pi * f0_hz * np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return Waveform((0.1 * np.exp(4 * (np.cos(phase) - 1))).astype(np.float32), RATE_HZ)


@pytest.mark.parametrize("name", PITCH_TRACKERS)
@pytest.mark.parametrize(("n_samples", "n_frames"), [(16_000, 100), (16_159, 100), (16_241, 101)])
def test_each_gives_a_value_every_10_ms_and_the_pitch_of_a_buzz(name, n_samples, n_frames):
    found = pitch_tracker(name)(buzz(n_samples / RATE_HZ, 140.0))
    assert found.shape == (n_frames,)
    assert found.dtype == np.float32
    assert np.median(found[found > 0]) == pytest.approx(140.0, rel=0.02)


def test_an_unknown_or_missing_tracker_is_reported(monkeypatch):
    with pytest.raises(InputError, match="dio or harvest or yaapt"):
        pitch_tracker("crepe")
    monkeypatch.setattr(pitch_trackers, "find_spec", lambda name: None)
    pitch_tracker("dio")
    with pytest.raises(ProgramError, match=r"YAAPT is not installed.*AMFM-decompy.*--f0 dio"):
        pitch_tracker("yaapt")


def test_a_long_recording_goes_to_the_chosen_tracker_a_minute_at_a_time():
    heard = []

    def mean_of_frames(waveform):
        heard.append(waveform.duration_s)
        return waveform.samples[: waveform.n_samples // 160 * 160].reshape(-1, 160).mean(1)

    sound = Waveform(np.random.default_rng(0).random(150 * RATE_HZ + 100, dtype=np.float32), RATE_HZ)
    np.testing.assert_array_equal(estimate_long_f0(sound, mean_of_frames), mean_of_frames(sound))
    assert max(heard[:-1]) <= 62
