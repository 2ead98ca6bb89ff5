import numpy as np
import pytest

from hierbatch.audio.waveform import Waveform
from tests.tools.evaluation.fake_kit import fake_kit, questions_asked
from tools.evaluation.evaluation_cache import EvaluationCache
from tools.evaluation.measures import ClipScorer, EvaluationClip, pitch_spread_semitones

RATE_HZ = 16_000


def glide(semitones, duration_s=3.0, centre_hz=160.0, seed=0):
    """A buzz whose pitch swings up and down by `semitones` about its centre."""
    times = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    f0_hz = centre_hz * 2 ** (semitones / 12 * np.sin(2 * np.pi * times))
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
    noise = np.random.default_rng(seed).standard_normal(len(times))
    return Waveform((0.1 * buzz + 1e-4 * noise).astype(np.float32), RATE_HZ)


def jury(folder, **answers):
    kit = fake_kit(folder, **answers)
    return ClipScorer(kit, EvaluationCache(folder / "kept", kit.fingerprint))


def by_name(scores):
    return {score.measure: (score.numerator, score.denominator) for score in scores}


def test_english_is_judged_by_words_and_phones(tmp_path):
    judges = jury(
        tmp_path, heard={"en": "The cat sat down!"}, recognizer="def recognise(samples):\n    return 'h aɪ d'\n"
    )
    spoken = EvaluationClip(
        waveform=glide(2), language="en", readings=("A cat sat 3 times", "the cat sat"), phonemes="h ˈaɪ | ð ɛ ɹ ."
    )
    scores = by_name(judges.score(spoken))
    assert scores["word_errors"] == (1, 3)
    assert scores["phone_errors"] == (3, 5)
    assert "character_errors" not in scores


def test_korean_is_judged_by_characters_without_spaces(tmp_path):
    judges = jury(tmp_path, heard={"ko": "작은고양이 한마리."})
    scores = by_name(
        judges.score(
            EvaluationClip(waveform=glide(2), language="ko", readings=("작은 고양이 한 마리",), phonemes="a .")
        )
    )
    assert scores["character_errors"] == (0, 8)
    assert {"word_errors", "phone_errors"}.isdisjoint(scores)


def test_only_what_there_is_to_compare_with_is_judged(tmp_path):
    alone = by_name(jury(tmp_path).score(EvaluationClip(waveform=glide(2), language="en")))
    assert set(alone) == {"dnsmos_ovrl", "distillmos", "pitch_spread"}
    beside = by_name(
        jury(tmp_path).score(EvaluationClip(waveform=glide(2), language="en", reference=glide(1), cpu_s=0.6))
    )
    assert beside["similarity_resemblyzer"] == (0.5, 1)
    assert beside["similarity_vfl"] == (0.75, 1)
    assert beside["cpu_time"] == (0.6, 3.0)
    assert beside["dnsmos_ovrl"] == (3.0, 1)


def test_a_clip_is_analysed_once_and_a_new_one_again(tmp_path):
    judges = jury(tmp_path, heard={"en": "x"})
    for _ in range(3):
        judges.score(EvaluationClip(waveform=glide(2), language="en", readings=("x",), reference=glide(1)))
    assert sorted(questions_asked(tmp_path)) == ["dnsmos", "resemblyzer", "transcribe en", "vfl"]
    judges.score(EvaluationClip(waveform=glide(2, seed=1), language="en", readings=("x",), reference=glide(1)))
    assert len(questions_asked(tmp_path)) == 8


def test_silence_loses_every_word(tmp_path):
    assert by_name(jury(tmp_path).score_missing(("the cat sat",), "en")) == {"word_errors": (3, 3)}
    assert by_name(jury(tmp_path).score_missing(("고양이 한",), "ko")) == {"character_errors": (4, 4)}


@pytest.mark.parametrize("semitones", [0.5, 2.0, 4.0])
def test_pitch_spread_is_that_of_the_swing(semitones):
    # The standard deviation of a sine is its peak over the square root of two.
    assert pitch_spread_semitones(glide(semitones)) == pytest.approx(semitones / np.sqrt(2), rel=0.06)


def test_noise_has_no_pitch_to_spread():
    noise = np.random.default_rng(1).standard_normal(RATE_HZ).astype(np.float32) * 0.1
    assert pitch_spread_semitones(Waveform(noise, RATE_HZ)) is None


def test_liveliness_is_our_spread_over_the_recordings(tmp_path):
    scores = by_name(jury(tmp_path).score(EvaluationClip(waveform=glide(1), language="en", recording=glide(2))))
    ours, recorded = scores["liveliness"]
    assert ours / recorded == pytest.approx(0.5, rel=0.08)


def test_another_rate_is_a_mistake_of_the_caller(tmp_path):
    with pytest.raises(ValueError, match="48000"):
        jury(tmp_path).score(EvaluationClip(waveform=Waveform(np.zeros(480, np.float32), 48_000), language="en"))
