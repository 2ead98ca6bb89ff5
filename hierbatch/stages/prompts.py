"""Preparation of voice prompts for a run: checked, trimmed, and byte-identical for every worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from hierbatch.audio.files import SoundLimits, encode_sound, read_sound
from hierbatch.audio.noise import mix_denoised
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.manifest.voices import MAX_PROMPT_BYTES
from hierbatch.models.prompt import MAX_PROMPT_S, MIN_PROMPT_S

SHORT_S = 3.0
_LIMITS = SoundLimits(max_duration_s=900.0, max_bytes=MAX_PROMPT_BYTES)
_FRAME_S = 0.02
_SPEECH_THRESHOLD_DB = -40.0
_SILENT_PEAK = 10 ** (-50 / 20)
_SILENT_RMS = 10 ** (-50 / 20)
_FIX = "record 3 to 15 seconds of clear speech of one person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prepared prompt: mono FLAC at the original sample rate, with notices for the user."""

    flac: bytes
    sha256: str
    duration_s: float
    notices: tuple[str, ...]
    denoise_ratio: float | None = None
    """Denoising strength, 0 to 1, for a model with a built-in denoiser; None leaves it to the model."""

    def with_denoise_ratio(self, denoise_ratio: float) -> Prompt:
        """Prompt for a model with a built-in denoiser; the hash includes the strength, which changes the voice."""
        sha256 = hashlib.sha256(f"{self.sha256}:denoised {denoise_ratio:g}".encode()).hexdigest()
        return replace(self, sha256=sha256, denoise_ratio=denoise_ratio)


def prepare_prompt(content: bytes, voice: str, *, denoise_ratio: float = 0.0) -> Prompt:
    """Check a recording and keep its first fifteen seconds from the start of speech.

    Args:
        content: an encoded audio file.
        voice: name of the voice, for messages.
        denoise_ratio: mix of the original (0) and the denoised recording (1).

    Raises:
        ProgramError: denoising was requested, but its package is not installed.
        PromptError: not audio, silent (before or after denoising), shorter than 1 s, or longer than 15 min.
    """
    name = f"The recording of voice {voice}"
    recording = read_sound(content, name=name, raises=PromptError, limits=_LIMITS)
    if recording.duration_s < MIN_PROMPT_S:
        raise PromptError(
            f"{name} is too short",
            expected=f"at least {MIN_PROMPT_S:g} s",
            got=f"{recording.duration_s:.2f} s",
            fix=_FIX,
        )
    if float(np.abs(recording.samples).max()) < _SILENT_PEAK:
        raise PromptError(f"{name} is silent", expected="speech", got="no sample above -50 dB", fix=_FIX)
    speech = _trim_leading_silence(recording)
    notices = []
    if speech.duration_s > MAX_PROMPT_S:
        notices.append(f"{name} is {recording.duration_s:.0f} s long: the first {MAX_PROMPT_S:g} s of speech are used")
        speech = Waveform(speech.samples[: int(MAX_PROMPT_S * speech.rate_hz)], speech.rate_hz)
    elif speech.duration_s < SHORT_S:
        notices.append(f"{name} has {speech.duration_s:.1f} s of speech: {SHORT_S:g} s or more give a closer match")
    speech = mix_denoised(speech, denoise_ratio)
    if denoise_ratio and float(np.square(speech.samples).mean()) < _SILENT_RMS**2:
        raise PromptError(f"{name} is silent after denoising", expected="speech", got="an RMS below -50 dB", fix=_FIX)
    return Prompt(
        flac=encode_sound(speech),
        sha256=_sound_hash(speech),
        duration_s=speech.duration_s,
        notices=tuple(notices),
    )


def _trim_leading_silence(waveform: Waveform) -> Waveform:
    """Remove the silence before the first loud frame, unless less than the minimum length would remain."""
    hop = max(1, int(_FRAME_S * waveform.rate_hz))
    n_frames = waveform.n_samples // hop
    peaks = np.abs(waveform.samples[: n_frames * hop]).reshape(n_frames, hop).max(axis=1)
    first = int(np.argmax(peaks >= peaks.max() * 10 ** (_SPEECH_THRESHOLD_DB / 20))) * hop
    kept = Waveform(waveform.samples[first:], waveform.rate_hz)
    return kept if kept.duration_s >= MIN_PROMPT_S else waveform


def _sound_hash(waveform: Waveform) -> str:
    """Hash of the samples, not of the file: the same audio in another encoding is the same voice."""
    samples = np.clip(np.round(waveform.samples * 32768), -32768, 32767).astype("<i2")
    return hashlib.sha256(f"{waveform.rate_hz}:".encode() + samples.tobytes()).hexdigest()
