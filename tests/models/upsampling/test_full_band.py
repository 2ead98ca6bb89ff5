import pytest

from hierbatch.audio.waveform import Waveform
from hierbatch.models.upsampling.full_band import choose_upsampler, full_band_resampler
from tests.audio.voiced import voiced_sound
from tests.models.hierspeechpp import speaking_bundle
from tests.tiny_speechsr import write_tiny_speechsr


def test_a_model_with_a_speechsr_gives_its_own_top_and_any_other_the_packaged_one(tmp_path):
    own = str(speaking_bundle.write_official(tmp_path / "own"))
    none = str(speaking_bundle.write_official(tmp_path / "none", ("ttv", "synthesizer")))
    assert [choose_upsampler(bundle) for bundle in (own, none, "lite", "nowhere")] == [own, *["speechsr"] * 3]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_a_sound_is_as_long_as_resampling_makes_it(tmp_path, rate_hz):
    sound = Waveform(voiced_sound(1.0, 120).samples[:12_345], 16_000)
    to_rate = full_band_resampler(str(write_tiny_speechsr(tmp_path / "tiny")))
    made, plain = to_rate(sound, rate_hz), full_band_resampler(None)(sound, rate_hz)
    assert (made.rate_hz, made.n_samples) == (plain.rate_hz, plain.n_samples)
