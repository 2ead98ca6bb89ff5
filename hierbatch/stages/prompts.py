"""Voice prompts as a run keeps them: checked, cut to length, and the same bytes for every worker."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from hierbatch.audio.files import SoundLimits, encode_sound, read_sound
from hierbatch.audio.noise import mix_denoised
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.manifest.voices import LARGEST_PROMPT_BYTES
from hierbatch.models.prompt import LONGEST_S, SHORTEST_S

SHORT_S = 3.0
_LIMITS = SoundLimits(max_duration_s=900.0, max_bytes=LARGEST_PROMPT_BYTES)
_FRAME_S = 0.02
_LOUD_BELOW_PEAK_DB = -40.0
_SILENT_PEAK = 10 ** (-50 / 20)
_SILENT_RMS = 10 ** (-50 / 20)
_MEND = "record 3 to 15 seconds of clear speech of one person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt ready to hear: FLAC at the recording's own rate, mono, and what a user should know of it."""

    flac: bytes
    sha256: str
    duration_s: float
    notices: tuple[str, ...]
    denoise_ratio: float | None = None
    """How much of it a model with a denoiser of its own hears without noise; None leaves it to the model."""

    def heard_at(self, denoise_ratio: float) -> Prompt:
        """The same for a model that turns the noise down itself: heard otherwise, it is another voice."""
        heard = hashlib.sha256(f"{self.sha256}:denoised {denoise_ratio:g}".encode()).hexdigest()
        return replace(self, sha256=heard, denoise_ratio=denoise_ratio)


def prepare_prompt(content: bytes, voice: str, *, denoise_ratio: float = 0.0) -> Prompt:
    """Check a recording and keep its first fifteen seconds from where the speech starts.

    Args:
        content: a sound file.
        voice: whose it is, for messages.
        denoise_ratio: from 0, the recording as it is, to 1, only what is left without its noise.

    Raises:
        ProgramError: noise is to be taken out, and what does it is not installed.
        PromptError: not sound, silent, with or without its noise, under a second, or over a quarter of an hour.
    """
    name = f"The recording of voice {voice}"
    whole = read_sound(content, name=name, raises=PromptError, limits=_LIMITS)
    if whole.duration_s < SHORTEST_S:
        raise PromptError(
            f"{name} is too short", wanted=f"at least {SHORTEST_S:g} s", got=f"{whole.duration_s:.2f} s", mend=_MEND
        )
    if float(np.abs(whole.samples).max()) < _SILENT_PEAK:
        raise PromptError(f"{name} is silent", wanted="speech", got="nothing above -50 dB", mend=_MEND)
    speech = _from_first_speech(whole)
    notices = []
    if speech.duration_s > LONGEST_S:
        notices.append(f"{name} is {whole.duration_s:.0f} s long: the first {LONGEST_S:g} s of speech are used")
        speech = Waveform(speech.samples[: int(LONGEST_S * speech.rate_hz)], speech.rate_hz)
    elif speech.duration_s < SHORT_S:
        notices.append(f"{name} holds {speech.duration_s:.1f} s of speech: from {SHORT_S:g} s on it sounds more alike")
    speech = mix_denoised(speech, denoise_ratio)
    if denoise_ratio and float(np.square(speech.samples).mean()) < _SILENT_RMS**2:
        raise PromptError(
            f"{name} is silent once its noise is taken out", wanted="speech", got="an RMS under -50 dB", mend=_MEND
        )
    return Prompt(
        flac=encode_sound(speech),
        sha256=_sound_hash(speech),
        duration_s=speech.duration_s,
        notices=tuple(notices),
    )


def _from_first_speech(waveform: Waveform) -> Waveform:
    """Without the silence before the first loud frame; a prompt left under the shortest length is kept whole."""
    hop = max(1, int(_FRAME_S * waveform.rate_hz))
    n_frames = waveform.n_samples // hop
    peaks = np.abs(waveform.samples[: n_frames * hop]).reshape(n_frames, hop).max(axis=1)
    first = int(np.argmax(peaks >= peaks.max() * 10 ** (_LOUD_BELOW_PEAK_DB / 20))) * hop
    kept = Waveform(waveform.samples[first:], waveform.rate_hz)
    return kept if kept.duration_s >= SHORTEST_S else waveform


def _sound_hash(waveform: Waveform) -> str:
    """Of the samples, not of the file: another encoder's version is still the same voice."""
    samples = np.clip(np.round(waveform.samples * 32768), -32768, 32767).astype("<i2")
    return hashlib.sha256(f"{waveform.rate_hz}:".encode() + samples.tobytes()).hexdigest()
