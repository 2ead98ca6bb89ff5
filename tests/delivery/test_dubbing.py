import io

import numpy as np
import pytest
import soundfile

from hierbatch.delivery.dubbing import FADE_S, crossfade_weight, mix_track
from hierbatch.errors import SourceError

RATE = 44_100


def track_of(samples):
    sink = io.BytesIO()
    soundfile.write(sink, samples, RATE, format="FLAC", subtype="PCM_16")
    return sink.getvalue()


@pytest.fixture
def source(tmp_path):
    samples = (0.1 * np.random.default_rng(0).standard_normal((3 * RATE + 7, 1))).astype(np.float32).repeat(2, axis=1)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="PCM_16")
    return tmp_path / "a.wav"


def mixed(source, tmp_path, voice, spans, background=1.0, name="out.wav"):
    mix_track(source, track_of(voice), spans, background=background, target=tmp_path / name)
    return soundfile.read(tmp_path / name, dtype="int16")[0]


@pytest.mark.parametrize("name", ["out.wav", "out.flac"])
def test_outside_speech_every_sample_is_what_it_was(source, tmp_path, name):
    before = soundfile.read(source, dtype="int16")[0]
    voice = np.zeros(len(before), np.float32)
    voice[RATE : 2 * RATE] = 0.25
    after = mixed(source, tmp_path, voice, [(1.0, 2.0)], name=name)
    assert after.shape == before.shape
    with soundfile.SoundFile(tmp_path / name) as file:
        assert "by machine" in file.comment
    margin = int(FADE_S * RATE)
    outside = np.r_[0 : RATE - margin, 2 * RATE + margin : len(before)]
    assert np.array_equal(after[outside], before[outside])
    assert (after[RATE + margin : 2 * RATE - margin] == 8192).all()  # the old voice is gone, in both channels


def test_the_background_is_lowered_or_silent_as_asked(source, tmp_path):
    before = soundfile.read(source, dtype="int16")[0].astype(float)
    voice = np.zeros(len(before), np.float32)
    lowered = mixed(source, tmp_path, voice, [(1.0, 2.0)], background=0.5)
    np.testing.assert_allclose(lowered[: RATE // 2], before[: RATE // 2] / 2, atol=1)
    assert not mixed(source, tmp_path, voice, [(1.0, 2.0)], background=0.0).any()


def test_where_spans_meet_the_new_voices_are_wholly_there_and_at_the_ends_nothing_fades():
    total = 3 * RATE
    taken = crossfade_weight(0, total, [(0.0, 1.0), (1.0, 3.0)], RATE, total)
    np.testing.assert_allclose(taken, 1.0, atol=1e-5)
    alone = crossfade_weight(0, total, [(1.0, 2.0)], RATE, total)
    assert alone[RATE + int(FADE_S * RATE)] == 1
    assert alone[RATE - int(FADE_S * RATE)] == 0
    assert alone[RATE] == pytest.approx(0.5, abs=0.01)
    pieces = [crossfade_weight(start, 1_000, [(1.0, 2.0)], RATE, total) for start in range(0, total, 1_000)]
    np.testing.assert_allclose(np.concatenate(pieces)[:total], alone, atol=1e-6)


def test_a_track_of_another_length_is_refused(source, tmp_path):
    with pytest.raises(SourceError, match="has changed"):
        mixed(source, tmp_path, np.zeros(RATE, np.float32), [])


def test_each_speaker_stays_on_the_side_of_the_old_voice(tmp_path):
    voice = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    sides = np.zeros((2 * RATE, 2))
    sides[:RATE, 0], sides[RATE:, 1] = voice[:RATE], voice[RATE:]
    soundfile.write(tmp_path / "a.wav", sides, RATE, subtype="PCM_16")
    after = mixed(tmp_path / "a.wav", tmp_path, np.full(2 * RATE, 0.25, np.float32), [(0.0, 1.0), (1.0, 2.0)])
    left, right = after[: RATE - 2_000], after[RATE + 2_000 :]
    assert (abs(left[:, 0] - 8192) < 10).all()
    assert not left[:, 1].any()
    assert (abs(right[:, 1] - 8192) < 10).all()
    assert not right[:, 0].any()


def test_in_surround_the_centre_gets_the_voice_and_the_others_stay(tmp_path):
    rng = np.random.default_rng(0)
    around = 0.02 * rng.standard_normal((2 * RATE, 6))
    around[:, 2] = 0.2 * rng.standard_normal(2 * RATE)
    soundfile.write(tmp_path / "a.wav", around, RATE, subtype="PCM_16")
    before = soundfile.read(tmp_path / "a.wav", dtype="int16")[0]
    after = mixed(tmp_path / "a.wav", tmp_path, np.full(2 * RATE, 0.25, np.float32), [(0.0, 2.0)])
    others = [0, 1, 3, 4, 5]
    assert np.array_equal(after[:, others], before[:, others])
    assert (abs(after[:, 2] - 8192) < 10).all()


def test_a_background_of_24_bits_keeps_them(tmp_path):
    samples = 0.1 * np.random.default_rng(0).standard_normal((RATE, 1))
    soundfile.write(tmp_path / "a.flac", samples, RATE, subtype="PCM_24")
    mix_track(
        tmp_path / "a.flac", track_of(np.zeros(RATE, np.float32)), [], background=1.0, target=tmp_path / "out.flac"
    )
    before, after = (soundfile.read(tmp_path / name, dtype="int32")[0] for name in ("a.flac", "out.flac"))
    assert (before & 0xFFFF).any()
    assert np.array_equal(after, before)
