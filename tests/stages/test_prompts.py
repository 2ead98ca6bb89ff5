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


def spoken(duration_s=8.0):
    narrator = read_sound(NARRATOR)
    return Waveform(narrator.samples[: int(duration_s * narrator.rate_hz)], narrator.rate_hz)


def test_a_good_prompt_is_kept_as_it_is():
    recording = spoken()
    prompt = prepare_prompt(encode_sound(recording), "anna")
    found = read_sound(prompt.flac)
    assert prompt.notices == ()
    assert found.rate_hz == recording.rate_hz
    np.testing.assert_allclose(found.samples, recording.samples[-found.n_samples :], atol=1 / 32768)


def lead_in(kind, rate_hz):
    times = np.arange(6 * rate_hz) / rate_hz
    if kind == "music":
        return 0.08 * sum(
            np.sin(2 * np.pi * f * times) * (0.5 + 0.5 * np.sin(4.4 * times + f)) for f in (131, 196, 262)
        )
    if kind == "noise":
        return 0.01 * np.random.default_rng(0).standard_normal(len(times))
    return np.where(np.arange(len(times)) < 32, 0.9, 0.0)  # a click, then silence


@pytest.mark.parametrize("kind", ["music", "noise", "click"])
def test_what_comes_before_the_speech_is_left_out(kind):
    speech_part = spoken()
    whole = np.concatenate([lead_in(kind, speech_part.rate_hz), speech_part.samples]).astype(np.float32)
    prompt = prepare_prompt(encode_sound(Waveform(whole, speech_part.rate_hz)), "anna")
    assert prompt.duration_s == pytest.approx(8.0, abs=0.4)
    (notice,) = prompt.notices
    assert "voice anna" in notice
    assert "s of speech are used" in notice


def test_a_long_pause_is_left_out():
    recording = spoken()
    cut = int(2.0 * recording.rate_hz)
    gap = np.zeros(10 * recording.rate_hz, np.float32)
    whole = np.concatenate([recording.samples[:cut], gap, recording.samples[cut:]])
    prompt = prepare_prompt(encode_sound(Waveform(whole, recording.rate_hz)), "anna")
    assert prompt.duration_s == pytest.approx(8.0, abs=1.2)
    assert prompt.notices[0].count(" to ") == 2


def test_a_constant_offset_is_not_level():
    recording = spoken()
    shifted = Waveform(recording.samples * 0.5 + np.float32(0.4), recording.rate_hz)
    found = read_sound(prepare_prompt(encode_sound(shifted), "anna").flac)
    assert abs(found.samples.mean()) < 1e-3
    assert np.abs(found.samples).max() == pytest.approx(0.5 * np.abs(recording.samples).max(), rel=0.05)


@pytest.mark.parametrize("rate_hz", [2_000, 65_537, 400_000])
def test_a_rate_that_a_prompt_cannot_have_is_refused_by_name(rate_hz):
    content = encode_sound(Waveform(spoken().samples, rate_hz), container="WAV")
    with pytest.raises(PromptError, match="voice anna has a sample rate out of range"):
        prepare_prompt(content, "anna")


def test_a_long_prompt_is_cut_to_its_first_fifteen_seconds_of_speech_and_reported():
    prompt = prepare_prompt(encode_sound(speech(40.0, silence_s=2.0)), "anna")
    heard = read_sound(prompt.flac)
    assert prompt.duration_s == pytest.approx(15.0, abs=0.01)
    assert np.abs(heard.samples[: RATE_HZ // 10]).max() > 0.2
    assert "15.0 s are used" in prompt.notices[0]


def test_a_short_prompt_is_used_and_reported():
    assert "3 s or more" in prepare_prompt(encode_sound(spoken(2.0)), "anna").notices[0]


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


def test_a_prompt_of_nothing_but_noise_is_reported():
    hiss = 0.02 * np.random.default_rng(1).standard_normal(4 * RATE_HZ).astype(np.float32)
    with pytest.raises(PromptError, match="anna is silent after denoising"):
        prepare_prompt(encode_sound(Waveform(hiss, RATE_HZ)), "anna", denoise_ratio=1.0)
