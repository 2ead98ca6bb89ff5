"""Sampled and designed voices of the packaged model."""

import pytest

import hierbatch
from hierbatch.errors import InputError
from hierbatch.manifest.voices.voice_file import read_voice_file
from hierbatch.manifest.voices.voices import check_consent, voices_from_folder

pytestmark = pytest.mark.slow


def test_a_sampled_voice_is_reproducible_by_its_seed_synthetic_and_no_one_s(tmp_path):
    (one,) = hierbatch.voices.sample(1, out=tmp_path / "one", seed=5)
    again, second = hierbatch.voices.sample(2, out=tmp_path / "two", seed=5)
    assert one.path.read_bytes() == again.path.read_bytes() != second.path.read_bytes()
    assert one.nearest_distance > one.same_speaker_distance
    file = read_voice_file(one.path)
    assert (file.consent, file.synthetic, file.sources) == ("synthetic", True, ())
    check_consent(voices_from_folder(tmp_path / "two", "unknown"), allow_unknown=False)
    sound = hierbatch.load("lite").speak("A voice of nobody.", one.path)
    assert 0.5 < sound.duration_s < 5


def test_designed_voices_have_what_their_description_asks_for(tmp_path):
    low, high = (
        hierbatch.voices.design(text, out=tmp_path / text, seed=1)[0]
        for text in ("very low, slow, dull", "아주 높은, 빠른, 밝은 목소리")
    )
    for name in ("pitch", "pace", "brightness"):
        assert low.measured[name] < -0.5 < 0.5 < high.measured[name]
    with pytest.raises(InputError, match="no attribute"):
        hierbatch.voices.design("a grumpy pirate", out=tmp_path / "none")
