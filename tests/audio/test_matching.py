import numpy as np
import pytest

from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.matching import loudness_gap_db, match_loudness, measure_speech_loudness
from hierbatch.audio.waveform import Waveform


def tone(gain, duration_s=2.0, hz=440.0):
    return Waveform((gain * np.sin(2 * np.pi * hz * np.arange(int(duration_s * 16_000)) / 16_000)), 16_000)


def gap_db(sound, wanted):
    return loudness_gap_db(measure_speech_loudness(sound), measure_speech_loudness(wanted))


def test_what_was_matched_measures_alike_and_is_the_same_sound_but_for_one_gain():
    wanted, sound = tone(0.05, hz=300.0), tone(0.4, hz=1_000.0)
    made = match_loudness(sound, wanted)
    assert measure_loudness(made.samples, 16_000) == pytest.approx(measure_loudness(wanted.samples, 16_000), abs=0.05)
    ratio = made.samples[1:1_000] / sound.samples[1:1_000]
    assert ratio[np.isfinite(ratio)].std() < 1e-4


def test_peaks_bound_the_gain_and_silence_has_none():
    assert np.abs(match_loudness(tone(0.01), tone(2.0)).samples).max() == pytest.approx(0.98, abs=1e-3)
    silent = Waveform(np.zeros(16_000, np.float32), 16_000)
    assert gap_db(silent, tone(0.1)) == 0.0
    assert not match_loudness(silent, tone(0.1)).samples.any()


def test_what_is_too_short_for_the_standard_is_matched_all_the_same():
    made = match_loudness(tone(0.4, 0.2), tone(0.1, 0.2))
    assert np.abs(made.samples).max() == pytest.approx(0.1, rel=0.02)


def test_the_peaks_of_a_loud_match_are_limited_and_its_loudness_is_kept():
    spiky, wanted = tone(0.05, 3.0), tone(0.15, 3.0)
    spiky.samples[8_000::16_000] = 0.9
    made = match_loudness(spiky, wanted)
    assert np.abs(made.samples).max() <= 0.9801
    assert gap_db(made, wanted) < 2.5
    by_gain_alone = Waveform(spiky.samples * np.float32(0.98 / 0.9), 16_000)
    assert gap_db(by_gain_alone, wanted) > 7
