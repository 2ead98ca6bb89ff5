import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from hierbatch.audio.joining import silence
from hierbatch.delivery.mastering import master_chapter
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.profiles import PROFILES
from hierbatch.errors import RunError
from tests.audio.signals import speech_like


def chapter(rate_hz, level_db=-30.0):
    sentences = [speech_like(2.0, rate_hz, seed=n, level_db=level_db + 6 * (n % 2)).samples for n in range(3)]
    pause = silence(rate_hz // 2)
    return np.concatenate([silence(rate_hz), *(part for sentence in sentences for part in (sentence, pause)), pause])


def mastered(tmp_path, samples, profile, rate_hz):
    write_pcm(tmp_path / "in", [samples])
    mastering = master_chapter(tmp_path / "in", tmp_path / "out", rate_hz, profile)
    return mastering, np.concatenate(list(read_pcm(tmp_path / "out")))


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("level_db", [-45.0, -30.0, -12.0])
def test_level_peak_and_length_are_as_the_profile_wants(tmp_path, name, level_db):
    profile = PROFILES[name]
    rate_hz = profile.rate_hz
    before = chapter(rate_hz, level_db)
    _, after = mastered(tmp_path, before, profile, rate_hz)
    assert len(after) == len(before)
    if profile.level_measure == "rms_db":
        level = 20 * np.log10(np.sqrt(np.mean(after.astype(np.float64) ** 2)))
    else:
        level = pyloudnorm.Meter(rate_hz, filter_class="DeMan").integrated_loudness(after.astype(np.float64))
    assert level == pytest.approx(profile.level_target, abs=0.2)
    true_peak = 20 * np.log10(np.abs(signal.resample(after[: 4 * rate_hz].astype(np.float64), 64 * rate_hz)).max())
    assert true_peak <= profile.ceiling_dbtp + 0.05


def test_the_gain_is_one_number_for_the_whole_chapter(tmp_path):
    before = chapter(48_000)
    mastering, after = mastered(tmp_path, before, PROFILES["ebu"], 48_000)
    loud = np.abs(before) > 0.02
    np.testing.assert_allclose(after[loud] / before[loud], 10 ** (mastering.gain_db / 20), rtol=0.05)


def test_pauses_hold_room_tone_below_the_allowed_floor(tmp_path):
    _, after = mastered(tmp_path, chapter(44_100), PROFILES["acx"], 44_100)
    head = after[1_000:40_000].astype(np.float64)
    assert -80 < 20 * np.log10(np.sqrt(np.mean(head**2))) < -70


def test_silence_cannot_be_brought_to_a_level(tmp_path):
    with pytest.raises(RunError, match="contains only silence"):
        mastered(tmp_path, silence(48_000), PROFILES["ebu"], 48_000)
