import numpy as np
import pyloudnorm
import pytest
from scipy import signal

from hierbatch.audio.joining import RoomTone, silence
from hierbatch.audio.limiter import limit
from hierbatch.delivery.level_estimate import LevelEstimate
from hierbatch.delivery.mastering import master_chapter
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.profiles import PROFILES
from hierbatch.delivery.room_tone import SharedRoomTone
from hierbatch.errors import RunError
from tests.audio.signals import speech_like


def chapter(rate_hz, level_db=-30.0):
    sentences = [speech_like(2.0, rate_hz, seed=n, level_db=level_db + 6 * (n % 2)).samples for n in range(3)]
    pause = silence(rate_hz // 2)
    return np.concatenate([silence(rate_hz), *(part for sentence in sentences for part in (sentence, pause)), pause])


def mastered(tmp_path, samples, profile, rate_hz):
    write_pcm(tmp_path / "in", [samples])
    tone = SharedRoomTone(tmp_path / "tone", rate_hz, profile.room_tone_db)
    mastering = master_chapter(tmp_path / "in", tmp_path / "out", rate_hz, profile, tone)
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


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("gain_db", [0.0, 12.0, 24.0])
def test_the_estimated_level_is_that_after_the_limiter(tmp_path, name, gain_db):
    profile, rate_hz = PROFILES[name], PROFILES[name].rate_hz
    before = chapter(rate_hz)
    gained = (before * 10 ** (gain_db / 20)).astype(np.float32)
    after = np.concatenate(list(limit([gained], rate_hz, profile.ceiling_dbtp)))
    if profile.level_measure == "rms_db":
        level = 20 * np.log10(np.sqrt(np.mean(after.astype(np.float64) ** 2)))
    else:
        level = pyloudnorm.Meter(rate_hz, filter_class="DeMan").integrated_loudness(after.astype(np.float64))
    estimate = LevelEstimate(np.array_split(before, 7), rate_hz, profile)
    assert estimate.level(gain_db) == pytest.approx(level, abs=0.3)
    assert gain_db > 0 or estimate.level(gain_db) == pytest.approx(level, abs=1e-3)


def test_the_shared_room_tone_is_that_of_one_chapter(tmp_path):
    shared = SharedRoomTone(tmp_path / "tone", 44_100, -75.0)
    later, first = shared.read(300_000, 500), shared.read(0, 300_000)
    np.testing.assert_array_equal(np.concatenate([first, later]), RoomTone(44_100, -75.0).generate(300_500))


def test_silence_cannot_be_brought_to_a_level(tmp_path):
    with pytest.raises(RunError, match="contains only silence"):
        mastered(tmp_path, silence(48_000), PROFILES["ebu"], 48_000)
