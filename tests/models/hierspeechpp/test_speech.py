import numpy as np
import pytest
import torch

from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BundleError, PromptError, SynthesisError, TextError
from hierbatch.models.catalog.open_model import open_model
from hierbatch.models.hierspeechpp.text_to_speech import adjust_pitch, clip_pitch
from hierbatch.models.speech import SpeechRequest
from tests.audio.voiced import voiced_sound
from tests.models.among_others import SAME_DB, snr_db
from tests.models.hierspeechpp.speaking_bundle import WORDS, request_of, write_official


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return open_model(write_official(tmp_path_factory.mktemp("official")))


@pytest.fixture(scope="module")
def voices(model):
    return [model.encode_voice(voiced_sound(3.5, f0_hz)) for f0_hz in (110, 200)]


def test_a_sentence_becomes_sound_with_a_duration_for_every_token(model, voices):
    request = request_of(voices[0])
    (speech,) = model.speak([request])
    n_frames = speech.lead_frames + sum(speech.token_frames)
    assert model.rate_hz == speech.waveform.rate_hz == 24_000
    assert speech.waveform.n_samples == n_frames * 480
    assert len(speech.token_frames) == len(request.phonemes.split())
    assert len(speech.f0_hz) == 2 * n_frames
    assert speech.semantic.shape == (n_frames, 16)
    assert np.isfinite(speech.waveform.samples).all()


def test_a_row_among_thirty_one_others_is_the_row_alone(model, voices):
    words = WORDS.split()
    requests = [
        request_of(voices[row % 2], " ".join(words[: 1 + row % 7]), seed=row, speed=20 + 0.2 * row) for row in range(32)
    ]
    together = model.speak(requests)
    for row in (0, 6, 13, 31):
        (alone,) = model.speak([requests[row]])
        assert alone.token_frames == together[row].token_frames
        assert snr_db(alone.waveform.samples, together[row].waveform.samples) > SAME_DB


def test_the_seed_and_the_speed_change_the_sound(model, voices):
    plain, other, again = model.speak([request_of(voices[0], seed=seed) for seed in (1, 2, 1)])
    assert snr_db(plain.waveform.samples, again.waveform.samples) > 80
    assert snr_db(plain.waveform.samples[:4800], other.waveform.samples[:4800]) < 20
    (slow,) = model.speak([request_of(voices[0], speed=0.03)])
    assert slow.waveform.duration_s > plain.waveform.duration_s


def test_pitch_is_moved_and_melody_widened_about_its_mean():
    hz = torch.tensor([[0.0, 100, 0, 200]])
    log_f0 = torch.log1p(hz)
    assert torch.equal(adjust_pitch(log_f0, 0.0, 1.0), log_f0)
    assert torch.allclose(torch.expm1(adjust_pitch(log_f0, 12.0, 1.0)), 2 * hz, rtol=1e-4)
    middle = 20_000**0.5
    flat = torch.tensor([[0, middle, 0, middle]])
    assert torch.allclose(torch.expm1(adjust_pitch(log_f0, 0.0, 0.0)), flat, rtol=1e-4)
    nothing = torch.zeros(1, 4)
    assert torch.equal(adjust_pitch(nothing, 3.0, 2.0), nothing)


def test_pitch_below_any_voice_is_none():
    hz = torch.tensor([0.0, 20.0, 53.9, 54.1, 200.0])
    clipped = clip_pitch(torch.log1p(hz))
    assert torch.equal(clipped, torch.tensor([0.0, 0, 0, *torch.log1p(hz[3:]).tolist()]))


def test_a_denoised_prompt_is_mixed_by_ratio(model):
    prompt = voiced_sound(3.5, 150)
    plain, half, all_of_it = (model.encode_voice(prompt, ratio) for ratio in (0.0, 0.5, 1.0))
    assert np.allclose(half.sound_style, (plain.sound_style + all_of_it.sound_style) / 2, atol=1e-5)
    assert not np.allclose(plain.sound_style, all_of_it.sound_style, atol=1e-3)


def test_a_short_prompt_is_used_and_a_silent_one_refused(model):
    assert np.isfinite(model.encode_voice(voiced_sound(1.2, 150)).text_style).all()
    with pytest.raises(PromptError, match="silent"):
        model.encode_voice(Waveform(np.zeros(50_000, np.float32), 16_000))


def test_unspeakable_texts_are_reported(model, voices):
    with pytest.raises(TextError, match="does not support this language"):
        model.speak([SpeechRequest(phonemes="ɯ ɰ i .", language="ko", voice=voices[0], seed=0)])
    with pytest.raises(SynthesisError, match="unusable durations"):
        model.speak([request_of(voices[0], " ".join([WORDS] * 20), speed=0.05)])


def test_parts_that_are_missing_are_named(tmp_path, model, voices):
    speaking = open_model(write_official(tmp_path / "plain", ("ttv", "synthesizer")))
    assert speaking.rate_hz == 16_000
    with pytest.raises(BundleError, match="no denoiser"):
        speaking.encode_voice(voiced_sound(3.5, 150), 0.5)
    with pytest.raises(BundleError, match="has no synthesizer"):
        open_model(write_official(tmp_path / "mute", ("ttv", "denoiser")))
    with pytest.raises(BundleError, match="cannot convert"):
        model.convert_all([])
