"""Preparation of voice prompts for a run: each is checked and trimmed once, so that all workers use the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hierbatch.audio.activity import TimeSpan, speech_detector
from hierbatch.audio.channels import SoundScan
from hierbatch.audio.files import encode_sound, read_scanned
from hierbatch.audio.noise import mix_denoised
from hierbatch.audio.opening import SoundLimits
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import PromptError
from hierbatch.manifest.voices.voice_file import content_sha256, is_voice_file, parse_voice_file
from hierbatch.manifest.voices.voices import MAX_PROMPT_BYTES
from hierbatch.models.prompt import MAX_PROMPT_S, MIN_PROMPT_S
from hierbatch.stages.recordings import is_storable_rate

SHORT_S = 3.0
_LIMITS = SoundLimits(max_duration_s=900.0, max_bytes=MAX_PROMPT_BYTES)
_FRAME_S = 0.02
_SPEECH_THRESHOLD_DB = -40.0
_LONG_PAUSE_S, _LONG_EDGE_S = 1.0, 0.5
_SEARCH_S, _MAX_SEARCHES = 60.0, 6
_FADE_S = 0.01
_MIN_OFFSET = 0.003
_LOWEST_HZ, _HIGHEST_HZ = 4_000, 192_000
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
    voice_file: bytes | None = None
    """Content of a voice file, for models that can open it; `flac` is then its reference recording."""
    model_sha256: str = ""
    """Hash of the model weights for which the voice file was created; empty without a voice file."""
    denoise_ratio: float | None = None
    """Denoising strength, 0 to 1, for a model with a built-in denoiser; None leaves it to the model."""

    def with_denoise_ratio(self, denoise_ratio: float) -> Prompt:
        """Copy of the prompt with a strength for the model's built-in denoiser; its hash differs, since its voice does.

        A prompt from a voice file has no noise and is returned unchanged.
        """
        if self.voice_file is not None:
            return self
        sha256 = hashlib.sha256(f"{self.sha256}:denoised {denoise_ratio:g}".encode()).hexdigest()
        return replace(self, sha256=sha256, denoise_ratio=denoise_ratio)


def prepare_prompt(content: bytes, voice: str, *, denoise_ratio: float = 0.0) -> Prompt:
    """Check a recording and keep its first fifteen seconds of speech.

    Speech is found by voice activity detection: music, noise and long pauses before, within and after it are left out.
    A voice file is used as it is.

    Args:
        content: an encoded audio file.
        voice: name of the voice, for messages only.
        denoise_ratio: mix of the original (0) and the denoised recording (1).

    Raises:
        ProgramError: denoising was requested, but its package is not installed.
        PromptError: the recording is not audio, is silent (before or after denoising), has less than 1 s of speech, is
            longer than 15 min, or has a sample rate that is out of range; or the voice file is damaged.
    """
    if is_voice_file(content):
        return _prompt_of_file(content, f"The file of voice {voice}")
    name = f"The recording of voice {voice}"
    scan, recording = read_scanned(content, name=name, raises=PromptError, limits=_LIMITS)
    _check_recording(scan, name)
    recording = _without_offset(recording)
    found = _find_speech(recording)
    pieces = _speech_pieces(recording, found, name)
    speech, notices = _join(recording, pieces), _notices(recording, pieces, name, has_speech=bool(found))
    if scan.mix.has_opposite_channels:
        notices.append(f"{name} has opposite channels: one of them is used with its sign changed")
    speech = mix_denoised(speech, denoise_ratio)
    if denoise_ratio and float(np.square(speech.samples).mean()) < _SILENT_RMS**2:
        raise PromptError(f"{name} is silent after denoising", expected="speech", got="an RMS below -50 dB", fix=_FIX)
    return Prompt(
        flac=encode_sound(speech),
        sha256=_sound_hash(speech),
        duration_s=speech.duration_s,
        notices=tuple(notices),
    )


def _prompt_of_file(content: bytes, name: str) -> Prompt:
    file = parse_voice_file(content, name)
    scan, _ = read_scanned(file.reference_flac, name=name, raises=PromptError, limits=_LIMITS)
    return Prompt(
        flac=file.reference_flac,
        sha256=content_sha256(content),
        duration_s=scan.n_samples / scan.rate_hz,
        notices=(),
        voice_file=content,
        model_sha256=file.model_sha256,
    )


def _check_recording(scan: SoundScan, name: str) -> None:
    duration_s = scan.n_samples / scan.rate_hz
    if not _LOWEST_HZ <= scan.rate_hz <= _HIGHEST_HZ or not is_storable_rate(scan.rate_hz):
        raise PromptError(
            f"{name} has a sample rate out of range",
            expected=f"{_LOWEST_HZ} to {_HIGHEST_HZ} Hz, above 65535 Hz in steps of 10 Hz",
            got=f"{scan.rate_hz} Hz",
            fix="resample the recording",
        )
    if duration_s < MIN_PROMPT_S:
        raise PromptError(
            f"{name} is too short", expected=f"at least {MIN_PROMPT_S:g} s", got=f"{duration_s:.2f} s", fix=_FIX
        )
    if scan.peak < _SILENT_PEAK:
        raise PromptError(f"{name} is silent", expected="speech", got="no sample above -50 dB", fix=_FIX)


def _without_offset(waveform: Waveform) -> Waveform:
    """Remove a DC offset, which would count as level; a recording without an offset is returned unchanged."""
    offset = float(waveform.samples.mean(dtype=np.float64))
    if abs(offset) < _MIN_OFFSET:
        return waveform
    return Waveform(waveform.samples - np.float32(offset), waveform.rate_hz)


def _speech_pieces(recording: Waveform, found: Sequence[TimeSpan], name: str) -> tuple[TimeSpan, ...]:
    """Parts of a recording to use, at most 15 s in total; the first 15 s of sound if no speech was detected.

    Raises:
        PromptError: the parts are too short in total.
    """
    start_s, end_s = _loud_start_s(recording), recording.duration_s
    if not found:
        return (TimeSpan(start_s, min(end_s, start_s + MAX_PROMPT_S)),)
    joined = [found[0]]
    for span in found[1:]:
        if span.start_s - joined[-1].end_s <= _LONG_PAUSE_S:
            joined[-1] = TimeSpan(joined[-1].start_s, span.end_s)
        else:
            joined.append(span)
    # Quiet beginnings and ends belong to the speech, unless they are long.
    if abs(joined[0].start_s - start_s) <= _LONG_EDGE_S:
        joined[0] = TimeSpan(start_s, joined[0].end_s)
    if end_s - joined[-1].end_s <= _LONG_PAUSE_S and sum(span.duration_s for span in joined) < MAX_PROMPT_S:
        joined[-1] = TimeSpan(joined[-1].start_s, end_s)
    pieces, left_s = [], MAX_PROMPT_S
    for span in joined:
        if left_s > 0:
            pieces.append(TimeSpan(span.start_s, min(span.end_s, span.start_s + left_s)))
            left_s -= pieces[-1].duration_s
    used_s = sum(piece.duration_s for piece in pieces)
    if used_s < MIN_PROMPT_S:
        raise PromptError(
            f"{name} has too little speech", expected=f"at least {MIN_PROMPT_S:g} s", got=f"{used_s:.2f} s", fix=_FIX
        )
    return tuple(pieces)


def _find_speech(recording: Waveform) -> list[TimeSpan]:
    """Find spans of speech in the first six minutes of a recording, until they add up to the maximum prompt length."""
    detector, found = speech_detector(), list[TimeSpan]()
    step = int(_SEARCH_S * recording.rate_hz)
    for first in range(0, min(recording.n_samples, _MAX_SEARCHES * step), step):
        window = Waveform(recording.samples[first : first + step], recording.rate_hz)
        offset_s = first / recording.rate_hz
        found += [TimeSpan(offset_s + span.start_s, offset_s + span.end_s) for span in detector.find(window)]
        if sum(span.duration_s for span in found) >= MAX_PROMPT_S:
            break
    return found


def _join(recording: Waveform, pieces: Sequence[TimeSpan]) -> Waveform:
    """Join parts of a recording, with fades of 10 ms where the parts meet."""
    rate_hz, parts = recording.rate_hz, []
    for i, piece in enumerate(pieces):
        part = recording.samples[round(piece.start_s * rate_hz) : round(piece.end_s * rate_hz)]
        n_fade = min(round(_FADE_S * rate_hz), len(part) // 2)
        ramp = np.linspace(0, 1, n_fade, dtype=np.float32)
        part = part.copy()
        if i > 0:
            part[:n_fade] *= ramp
        if i + 1 < len(pieces):
            part[len(part) - n_fade :] *= ramp[::-1]
        parts.append(part)
    return Waveform(np.concatenate(parts), rate_hz)


def _notices(recording: Waveform, pieces: Sequence[TimeSpan], name: str, *, has_speech: bool) -> list[str]:
    used_s = sum(piece.duration_s for piece in pieces)
    shown = ", ".join(f"{piece.start_s:.1f} to {piece.end_s:.1f} s" for piece in pieces[:5])
    notices = []
    if not has_speech:
        notices.append(
            f"{name} has no speech that the voice activity detector finds: {used_s:.1f} s are used ({shown})"
        )
    elif len(pieces) > 1 or recording.duration_s - used_s > _LONG_PAUSE_S:
        notices.append(f"{name} is {recording.duration_s:.1f} s long: {used_s:.1f} s of speech are used ({shown})")
    if used_s < SHORT_S:
        notices.append(f"{name} has {used_s:.1f} s of speech: {SHORT_S:g} s or more give a closer match")
    return notices


def _loud_start_s(waveform: Waveform) -> float:
    """Time in seconds of the first frame that is not silent; 0 if too little of the recording would follow it."""
    hop = max(1, int(_FRAME_S * waveform.rate_hz))
    n_frames = waveform.n_samples // hop
    peaks = np.abs(waveform.samples[: n_frames * hop]).reshape(n_frames, hop).max(axis=1)
    first = int(np.argmax(peaks >= peaks.max() * 10 ** (_SPEECH_THRESHOLD_DB / 20))) * hop / waveform.rate_hz
    return first if waveform.duration_s - first >= MIN_PROMPT_S else 0.0


def _sound_hash(waveform: Waveform) -> str:
    """Hash of the samples, not of the file: the same audio in another encoding is the same voice."""
    samples = np.clip(np.round(waveform.samples * 32768), -32768, 32767).astype("<i2")
    return hashlib.sha256(f"{waveform.rate_hz}:".encode() + samples.tobytes()).hexdigest()
