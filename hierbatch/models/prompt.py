"""Preparation and checks of voice prompts."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.level import speech_rms, to_speech_level
from hierbatch.audio.pitch import F0, estimate_f0, is_speech_voiced
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import FRAME_HOP_SAMPLES, RATE_HZ
from hierbatch.errors import PromptError

MIN_PROMPT_S, MAX_PROMPT_S = 1.0, 15.0
_SILENT_RMS = 1e-3
_EDGE_DB = -35.0
_FRAME_SAMPLES = FRAME_HOP_SAMPLES


def clean_prompt(prompt: Waveform) -> Waveform:
    """Prepare a prompt: the models' rate and level, silent ends trimmed, at most 15 s, whole 20 ms frames.

    Raises:
        PromptError: the prompt is silent or damaged, or has less than one second of speech.
    """
    if prompt.n_samples and not np.isfinite(prompt.samples).all():
        raise PromptError("The voice prompt is damaged", expected="finite samples", got="NaN or infinite samples")
    sound = resample(prompt, RATE_HZ)
    if sound.n_samples < MIN_PROMPT_S * RATE_HZ:
        raise PromptError(
            "The voice prompt is too short",
            expected=f"{MIN_PROMPT_S:.0f} to {MAX_PROMPT_S:.0f} s of one person speaking, at least 3 s for similarity",
            got=f"{sound.duration_s:.2f} s",
            fix="record or cut a longer prompt",
        )
    if speech_rms(sound) < _SILENT_RMS:
        raise PromptError(
            "The voice prompt is silent",
            expected="one person speaking",
            got=f"an RMS of {20 * np.log10(speech_rms(sound) + 1e-9):.0f} dB",
            fix="check the file, or record it louder",
        )
    trimmed = _trim_silence(sound)
    if trimmed.duration_s < MIN_PROMPT_S:
        raise PromptError(
            "The voice prompt has too little speech",
            expected=f"at least {MIN_PROMPT_S:.0f} s",
            got=f"{trimmed.duration_s:.2f} s after trimming silence",
        )
    n_frames = min(trimmed.n_samples // _FRAME_SAMPLES, int(MAX_PROMPT_S * RATE_HZ) // _FRAME_SAMPLES)
    return to_speech_level(Waveform(trimmed.samples[: n_frames * _FRAME_SAMPLES], RATE_HZ))


def clean_voiced_prompt(prompt: Waveform, track: PitchTracker = estimate_f0) -> tuple[Waveform, F0]:
    """Prepare a prompt as `clean_prompt` does, and return it with its F0, 0 where unvoiced.

    Raises:
        PromptError: `clean_prompt` rejects the prompt, or nothing in it is voiced.
    """
    sound = clean_prompt(prompt)
    f0_hz = track(sound)
    if not (f0_hz > 0).any():
        raise _unvoiced()
    _check_voiced(sound)
    return sound, f0_hz


def check_voiced_prompt(prompt: Waveform, track: PitchTracker | None = None) -> None:
    """Check that `clean_voiced_prompt` accepts a prompt; without a tracker, F0 is not computed, which saves time.

    Raises:
        PromptError: `clean_voiced_prompt` would reject the prompt.
    """
    if track is None:
        _check_voiced(clean_prompt(prompt))
    else:
        clean_voiced_prompt(prompt, track)


def _check_voiced(sound: Waveform) -> None:
    if not is_speech_voiced(sound):
        raise _unvoiced()


def _unvoiced() -> PromptError:
    return PromptError("There is no voice in the prompt", expected="one person speaking", got="no voiced sound")


def _trim_silence(sound: Waveform) -> Waveform:
    n_frames = sound.n_samples // _FRAME_SAMPLES
    power = (sound.samples[: n_frames * _FRAME_SAMPLES].reshape(n_frames, -1).astype(np.float64) ** 2).mean(1)
    loud = np.flatnonzero(power > power.max() * 10 ** (_EDGE_DB / 10))
    start, end = max(0, loud[0] - 2), min(n_frames, loud[-1] + 3)
    return Waveform(sound.samples[start * _FRAME_SAMPLES : end * _FRAME_SAMPLES], sound.rate_hz)
