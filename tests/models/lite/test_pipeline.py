from dataclasses import replace

import numpy as np
import pytest
import torch

from hierbatch.audio.files import read_sound
from hierbatch.audio.pitch import estimate_f0
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, MEL_HOP_SAMPLES
from hierbatch.errors import PromptError, TextError
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.lite.voice import LiteVoice
from hierbatch.models.speech import Speech, SpeechRequest
from tests.loading import ROOT
from tests.models.among_others import LENGTHS, SAME_DB, snr_db
from tests.models.lite.small_pipeline import buzz, small_model

PHONEMES = ("h ə l ˈoʊ , w ˈɝ l d .", "j ˈɛ s !", "ð ə | k w ˈɪ k | b ɹ ˈaʊ n | f ˈɑ k s | dʒ ˈʌ m p s | ˌoʊ v ɚ .")


@pytest.fixture(scope="module")
def model() -> LitePipeline:
    return small_model()


@pytest.fixture(scope="module")
def voice(model: LitePipeline) -> LiteVoice:
    return model.encode_voice(buzz(4.0))


def say(model: LitePipeline, voice: LiteVoice, phonemes: str, seed: int = 1, speed: float = 1.0) -> Speech:
    request = SpeechRequest(phonemes=phonemes, language="en", voice=voice, seed=seed, speed=speed)
    return model.speak([request])[0]


def test_frames_above_the_voicing_threshold_are_voiced(voice: LiteVoice) -> None:
    shares = [
        (say(small_model(voicing_threshold_en=threshold), voice, PHONEMES[0]).f0_hz > 0).mean()
        for threshold in (-100.0, -0.05, 0.0, 100.0)
    ]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1]) == (1.0, 0.0)


def test_durations_are_scaled_as_the_bundle_says(voice: LiteVoice) -> None:
    plain, slow = (say(small_model(**factors), voice, PHONEMES[0]) for factors in ({}, {"phone_duration_en": 2.0}))
    separators = [index for index, token in enumerate(PHONEMES[0].split()) if token in ",."]
    assert sum(slow.token_frames) > 1.6 * sum(plain.token_frames)
    for index in separators:
        assert abs(slow.token_frames[index] - plain.token_frames[index]) <= 1


def test_a_row_among_31_others_is_the_row_alone(model: LitePipeline, voice: LiteVoice) -> None:
    rows = [
        SpeechRequest(
            phonemes=PHONEMES[index % 3],
            language=("en", "ko")[index % 2],
            voice=voice,
            seed=index,
            speed=0.8 + length / 9,
        )
        for index, length in enumerate(LENGTHS)
    ]
    together = model.speak(rows)
    for row, speech in zip(rows, together, strict=True):
        alone = model.speak([row])[0].waveform.samples
        assert snr_db(alone, speech.waveform.samples) > SAME_DB


def test_timings_add_up_to_the_sound(model: LitePipeline, voice: LiteVoice) -> None:
    for phonemes in PHONEMES:
        speech = say(model, voice, phonemes)
        assert len(speech.token_frames) == len(phonemes.split())
        n_frames = speech.lead_frames + sum(speech.token_frames)
        assert n_frames * FRAME_HOP_SAMPLES == speech.waveform.n_samples
        assert len(speech.f0_hz) == speech.waveform.n_samples // MEL_HOP_SAMPLES


def test_the_seed_decides_the_sound(model: LitePipeline, voice: LiteVoice) -> None:
    first, again, other = (say(model, voice, PHONEMES[0], seed).waveform.samples for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_take_of_a_peaky_voice_is_turned_down_and_never_clipped(model: LitePipeline, voice: LiteVoice) -> None:
    usual = say(model, voice, PHONEMES[0]).waveform.samples
    gain = 2.5 / np.abs(usual).max()
    hook = model._networks.vocoder.register_forward_hook(lambda _network, _inputs, sound: sound * gain)
    try:
        loud = say(model, voice, PHONEMES[0]).waveform.samples
    finally:
        hook.remove()
    assert 0.9 < np.abs(loud).max() < 1
    assert np.allclose(loud / np.abs(loud).max(), usual / np.abs(usual).max(), atol=1e-4)


def test_speed_shortens(model: LitePipeline, voice: LiteVoice) -> None:
    slow, fast = (say(model, voice, PHONEMES[2], speed=speed).waveform.duration_s for speed in (1.0, 2.0))
    assert fast == pytest.approx(slow / 2, abs=0.03)


def test_pitch_is_shifted_and_spread_row_by_row_without_a_change_of_length(
    model: LitePipeline, voice: LiteVoice
) -> None:
    def request(**delivery: float) -> SpeechRequest:
        return SpeechRequest(phonemes=PHONEMES[2], language="en", voice=voice, seed=1, **delivery)

    asked = [request(), request(pitch_semitones=5.0), request(prosody=0.5), request(prosody=0.0)]
    plain, high, flat, level = (np.log2(speech.f0_hz[speech.f0_hz > 0]) for speech in model.speak(asked))
    np.testing.assert_allclose(high - plain, 5 / 12, atol=1e-4)
    centre = np.log2(voice.median_f0_hz)
    np.testing.assert_allclose(flat - centre, 0.5 * (plain - centre), atol=1e-4)
    np.testing.assert_allclose(level, centre, atol=1e-4)


def test_an_empty_request_speaks_nothing(model: LitePipeline) -> None:
    assert model.speak([]) == []


def test_unreadable_phonemes_are_a_text_error(model: LitePipeline, voice: LiteVoice) -> None:
    with pytest.raises(TextError, match="unknown symbols"):
        say(model, voice, "q ʘ .")


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        (Waveform(np.zeros(48000, np.float32), 16000), "silent"),
        (buzz(0.4), "too short"),
        (Waveform(np.full(48000, np.nan, np.float32), 16000), "damaged"),
        (Waveform(np.concatenate([buzz(0.5).samples, np.zeros(60000, np.float32)]), 16000), "too little speech"),
        (Waveform(np.random.default_rng(0).normal(0, 0.1, 48000).astype(np.float32), 16000), "no voice"),
    ],
)
def test_a_bad_prompt_says_why(model: LitePipeline, prompt: Waveform, fault: str) -> None:
    with pytest.raises(PromptError, match=fault):
        model.encode_voice(prompt)


def test_a_bundle_may_free_one_language_of_the_prompts_surroundings(voice: LiteVoice) -> None:
    plain, cleaner = small_model(), small_model(clean_style_share_ko=1.0)
    with torch.no_grad():
        for each in (plain, cleaner):
            each._networks.style_denoiser.direction.copy_(torch.eye(16)[3])
            each._networks.style_denoiser.target.fill_(5.0)
    for language, same in (("en", True), ("ko", False)):
        request = SpeechRequest(phonemes=PHONEMES[0], language=language, voice=voice, seed=1)
        said = [each.speak([request])[0].waveform.samples for each in (plain, cleaner)]
        assert np.array_equal(*said) == same


def test_a_voice_has_the_prompts_pitch_and_not_its_level(model: LitePipeline, voice: LiteVoice) -> None:
    assert voice.median_f0_hz == pytest.approx(120, rel=0.06)
    loud = model.encode_voice(Waveform(buzz(4.0).samples * 4, 16000))
    np.testing.assert_allclose(loud.sound_style, voice.sound_style, atol=1e-3)


def test_the_waveform_stage_alone_keeps_pitch_and_envelope(model: LitePipeline) -> None:
    made = model.resynthesize(buzz(2.005, 150.0))
    assert made.n_samples == 100 * FRAME_HOP_SAMPLES
    wanted, found = (estimate_f0(sound)[20:-20] for sound in (Waveform(buzz(2.0, 150.0).samples, 16000), made))
    both = (wanted > 0) & (found > 0)
    assert both.mean() > 0.3  # untrained, it adds as much noise as there is tone
    assert np.median(np.abs(found[both] / wanted[both] - 1)) < 0.02


def test_a_take_is_nearer_to_its_own_content_and_voice_than_to_others(model: LitePipeline) -> None:
    packaged = LitePipeline.load()
    voices = [
        packaged.encode_voice(read_sound(ROOT / "manifests/voices" / f"{name}.flac")) for name in ("narrator", "low")
    ]
    requests = [
        SpeechRequest(phonemes=phonemes, language="en", voice=voice, seed=1)
        for phonemes, voice in zip((PHONEMES[0], PHONEMES[2]), voices, strict=True)
    ]
    one, other = packaged.speak(requests)
    heard = packaged.self_check(one, requests[0])
    assert 0 <= heard.semantic_distance < 0.4
    n_frames = min(len(one.semantic), len(other.semantic))
    cut = Waveform(one.waveform.samples[: n_frames * FRAME_HOP_SAMPLES], 16000)
    mixed = replace(one, waveform=cut, semantic=other.semantic[:n_frames])
    assert packaged.self_check(mixed, requests[0]).semantic_distance > 0.5
    assert heard.timbre_similarity > packaged.self_check(one, requests[1]).timbre_similarity


def test_sampled_prosody_follows_the_seed_in_its_language_only(voice: LiteVoice) -> None:
    model, plain = small_model(prosody_temperature_en=1.0), small_model()

    def f0_hz(model: LitePipeline, seed: int, language: str) -> np.ndarray:
        phonemes = PHONEMES[2] if language == "en" else "k a | n a t a ."
        return model.speak([SpeechRequest(phonemes=phonemes, language=language, voice=voice, seed=seed)])[0].f0_hz

    assert np.array_equal(f0_hz(plain, 1, "en"), f0_hz(plain, 2, "en"))
    assert not np.array_equal(f0_hz(model, 1, "en"), f0_hz(model, 2, "en"))
    assert np.array_equal(f0_hz(model, 1, "en"), f0_hz(model, 1, "en"))
    assert np.array_equal(f0_hz(model, 1, "ko"), f0_hz(plain, 2, "ko"))


def test_boundaries_with_predicted_pauses_are_spoken_as_commas_in_their_language_only(voice: LiteVoice) -> None:
    pausing, plain = small_model(pause_rate_en=100.0), small_model()
    sentence = PHONEMES[2]
    speech, expected = say(pausing, voice, sentence), say(plain, voice, sentence.replace("|", ","))
    assert speech.token_frames == expected.token_frames
    assert np.array_equal(speech.waveform.samples, expected.waveform.samples)
    korean = SpeechRequest(phonemes="k a | n a t a .", language="ko", voice=voice, seed=1)
    assert np.array_equal(pausing.speak([korean])[0].waveform.samples, plain.speak([korean])[0].waveform.samples)
    requests = [SpeechRequest(phonemes=one, language="en", voice=voice, seed=1) for one in PHONEMES]
    assert pausing.speak(requests)[2].token_frames == speech.token_frames
