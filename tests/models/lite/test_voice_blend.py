"""Blends: identities that hold for any voices."""

from dataclasses import replace

import numpy as np
import pytest

from hierbatch.errors import InputError
from hierbatch.models.lite.prompt_statistics import LongTermSpectrum, measure_spectrum, move_spectrum
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.lite.voice_blend import blend_voices, normalize_weights


def made_voice(seed: int, n_frames: int = 200) -> LiteVoice:
    generator = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return generator.standard_normal(shape).astype(np.float32)

    return LiteVoice(
        text_style=draw(16),
        sound_style=draw(16),
        semantic=draw(n_frames, 8),
        mel=draw(2 * n_frames, 80) + draw(80),
        median_f0_hz=float(100 + 100 * generator.random()),
        f0_spread_semitones=float(2 + generator.random()),
        sha256=str(seed),
        speed=1.1,
    )


NUMBERS = ("median_f0_hz", "f0_spread_semitones", "speed", "prosody", "breathiness")


def numbers_of(voice: LiteVoice) -> list[float]:
    return [getattr(voice, name) for name in NUMBERS]


def test_a_voice_blended_with_itself_is_itself():
    voice = made_voice(1)
    assert blend_voices([voice, voice], [0.3, 0.7]) is voice


def test_a_voice_blended_with_its_copy_has_its_styles_numbers_and_spectrum():
    voice = made_voice(1)
    blended = blend_voices([voice, replace(voice, sha256="copy")], [1, 3])
    for name in ("text_style", "sound_style"):
        np.testing.assert_allclose(getattr(blended, name), getattr(voice, name), atol=1e-6)
    assert numbers_of(blended) == pytest.approx(numbers_of(voice))
    own, other = measure_spectrum(voice.mel), measure_spectrum(blended.mel)
    np.testing.assert_allclose(other.mean, own.mean, atol=0.02)
    np.testing.assert_allclose(other.spread, own.spread, atol=0.02)


def test_only_the_ratio_of_weights_counts_and_the_order_does_not():
    one, two = made_voice(1), made_voice(2, n_frames=120)
    first, second, third = (
        blend_voices([one, two], [2, 1]), blend_voices([one, two], [4, 2]), blend_voices([two, one], [1, 2])
    )  # fmt: skip
    for other in (second, third):
        np.testing.assert_array_equal(first.mel, other.mel)
        np.testing.assert_allclose(first.sound_style, other.sound_style, atol=1e-6)
        assert numbers_of(first) == pytest.approx(numbers_of(other))
    np.testing.assert_allclose(first.sound_style, (2 * one.sound_style + two.sound_style) / 3, atol=1e-6)
    assert first.median_f0_hz == pytest.approx((one.median_f0_hz**2 * two.median_f0_hz) ** (1 / 3))


def test_frames_are_in_proportion_to_the_weights():
    one, two = made_voice(1, n_frames=600), made_voice(2, n_frames=600)
    blended = blend_voices([one, two], [1, 2])
    assert len(blended.mel) == 2 * len(blended.semantic)
    n_one = sum((frame == one.semantic).all(1).any() for frame in blended.semantic)
    assert n_one / len(blended.semantic) == pytest.approx(1 / 3, abs=0.01)


def test_weights_sum_to_one():
    assert normalize_weights([2, 1, 1]) == (0.5, 0.25, 0.25)
    for wrong in ([0.0, 1.0], [-1.0, 2.0], [float("nan"), 1.0], [float("inf"), 1.0], []):
        with pytest.raises(InputError):
            normalize_weights(wrong)


def test_moved_frames_have_the_statistics_of_their_target():
    source, wanted = made_voice(3).mel, LongTermSpectrum(np.linspace(-1, 1, 80), np.linspace(0.5, 2, 80))
    moved = measure_spectrum(
        move_spectrum(source, LongTermSpectrum(*(x.astype(np.float32) for x in (wanted.mean, wanted.spread))))
    )
    np.testing.assert_allclose(moved.mean, wanted.mean, atol=0.02)
    np.testing.assert_allclose(moved.spread, wanted.spread, atol=0.02)
    own = measure_spectrum(source)
    np.testing.assert_allclose(move_spectrum(source, own), source, atol=1e-5)
