from pathlib import Path

import numpy as np
import pytest

from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.stages.prompts import prepare_prompt

RATE_HZ = 22_050
NARRATOR = Path(__file__).parents[2] / "manifests" / "voices" / "narrator.flac"


def speech(duration_s, silence_s=0.0, gain=0.3):
    hum = gain * np.sin(2 * np.pi * 140 * np.arange(int(duration_s * RATE_HZ)) / RATE_HZ)
    return Waveform(np.concatenate([np.zeros(int(silence_s * RATE_HZ)), hum]).astype(np.float32), RATE_HZ)


def test_a_good_prompt_is_kept_as_it_is():
    prompt = prepare_prompt(encode_sound(speech(5.0)), "anna")
    heard = read_sound(prompt.flac)
    assert prompt.notices == ()
    assert heard.rate_hz == RATE_HZ
    np.testing.assert_allclose(heard.samples, speech(5.0).samples, atol=1 / 32768)


def test_a_long_prompt_is_cut_to_its_first_fifteen_seconds_of_speech_and_told():
    prompt = prepare_prompt(encode_sound(speech(40.0, silence_s=2.0)), "anna")
    heard = read_sound(prompt.flac)
    assert prompt.duration_s == pytest.approx(15.0, abs=0.01)
    assert np.abs(heard.samples[: RATE_HZ // 10]).max() > 0.2
    assert "15 s" in prompt.notices[0]


def test_a_short_prompt_is_used_and_told():
    assert "3 s or more" in prepare_prompt(encode_sound(speech(2.0)), "anna").notices[0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (encode_sound(speech(0.5)), "too short"),
        (encode_sound(speech(4.0, gain=0.0)), "silent"),
        (encode_sound(speech(4.0, gain=1e-4)), "silent"),
        (b"this is no sound at all" * 10, "not a readable audio file"),
        (b"", "not a readable audio file"),
        (encode_sound(Waveform(np.ones(1_000_000, np.float32), 1000)), "too long"),
    ],
)
def test_what_cannot_be_a_voice_is_refused_by_name(content, words):
    with pytest.raises(PromptError, match=f"anna.*{words}"):
        prepare_prompt(content, "anna")


def test_the_same_sound_in_another_file_is_the_same_voice():
    recording = encode_sound(speech(4.0), container="WAV")
    wav = prepare_prompt(recording, "a")
    flac = prepare_prompt(encode_sound(read_sound(recording)), "b")
    other = prepare_prompt(encode_sound(speech(4.0, gain=0.31)), "a")
    assert wav.sha256 == flac.sha256 != other.sha256


def test_noise_is_taken_out_where_it_is_asked_for():
    spoken = read_sound(NARRATOR.read_bytes())
    hiss = 0.02 * np.random.default_rng(1).standard_normal(2 * spoken.rate_hz).astype(np.float32)
    noisy = encode_sound(Waveform(spoken.samples[: 2 * spoken.rate_hz] + hiss, spoken.rate_hz))
    plain, clean = prepare_prompt(noisy, "anna"), prepare_prompt(noisy, "anna", denoise_ratio=1.0)
    assert plain.sha256 != clean.sha256
    assert plain.sha256 == prepare_prompt(noisy, "anna", denoise_ratio=0.0).sha256
    assert clean.duration_s == plain.duration_s


def test_a_prompt_of_nothing_but_noise_is_told():
    hiss = 0.02 * np.random.default_rng(1).standard_normal(4 * RATE_HZ).astype(np.float32)
    with pytest.raises(PromptError, match="anna is silent after denoising"):
        prepare_prompt(encode_sound(Waveform(hiss, RATE_HZ)), "anna", denoise_ratio=1.0)
