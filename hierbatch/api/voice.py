"""Voice of the Python API: a checked prompt or voice file, encoded for a model, with the consent of the speaker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hierbatch.api.sound import Recording, as_waveform
from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.errors import InputError, PromptError
from hierbatch.manifest.voices.voice_file import VOICE_FILE_SUFFIX, is_voice_file, parse_voice_file
from hierbatch.manifest.voices.voices import CONSENTS, VoiceRow, check_consent, voice_from_file
from hierbatch.models.conversion.interface import ConversionModel
from hierbatch.models.speech import SpeechModel
from hierbatch.object_path import local_path
from hierbatch.stages.prompts import prepare_prompt
from hierbatch.stages.voices import OpensVoiceFiles, repeat_to

if TYPE_CHECKING:
    from pydub import AudioSegment

_OTHER_MODEL = "Voice {voice} was made for another model: its reference recording is the prompt"
_GIVEN_CONSENTS = tuple(consent for consent in CONSENTS if consent != "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Prompt encoded for one model, for use in many calls."""

    name: str
    consent: str
    """Consent of the speaker: `self`, `licensed`, `public_domain` or `synthetic`."""
    sha256: str
    """Hash of the prepared prompt."""
    notices: tuple[str, ...]
    """Remarks on the prompt, for example that it is too short to reproduce the voice well."""
    encoded: Any
    """The model's encoding of the prompt."""


def encode_voice(
    prompt: Recording | AudioSegment,
    consent: str,
    model: SpeechModel | ConversionModel,
    *,
    name: str = "",
    denoise_ratio: float = 0.0,
    repeat_to_s: float = 0.0,
) -> Voice:
    """Check a prompt and encode it, or open a voice file.

    Args:
        prompt: 3 to 15 s of one person speaking, or a voice file.
        consent: consent of that person: `self`, `licensed`, `public_domain` or `synthetic`; not used for a voice
            file, which contains it.
        model: model that encodes the prompt.
        name: name of the voice; by default derived from the file.
        denoise_ratio: share of the denoised prompt in a mix with the original, 0 to 1.
        repeat_to_s: minimum length in seconds of the audio to encode; a shorter prompt is repeated.

    Raises:
        InputError: the consent is missing or unknown.
        PromptError: the prompt is unreadable, silent or too short.
        ProgramError: denoising was requested, but its package is not installed.
    """
    row = _voice_row(prompt, consent, name)
    prepared = prepare_prompt(row.read_prompt(), row.voice, denoise_ratio=denoise_ratio)
    encoded, notices = None, prepared.notices
    if prepared.voice_file is not None:
        file = parse_voice_file(prepared.voice_file, row.voice)
        encoded = model.open_voice(file) if isinstance(model, OpensVoiceFiles) else None
        notices = () if encoded is not None else (_OTHER_MODEL.format(voice=row.voice),)
    if encoded is None:
        sound = read_sound(prepared.flac, name=f"voice {row.voice}", raises=PromptError)
        encoded = model.encode_voice(repeat_to(sound, repeat_to_s))
    return Voice(name=row.voice, consent=row.consent, sha256=prepared.sha256, notices=notices, encoded=encoded)


def _voice_row(prompt: Recording | AudioSegment, consent: str, name: str) -> VoiceRow:
    row = _voice_file_row(prompt)
    if row is not None:
        check_consent([row], allow_unknown=False)
        return replace(row, voice=name or row.voice)
    if consent not in _GIVEN_CONSENTS:
        raise InputError(
            "The consent of the speaker is missing or unknown",
            expected=f"consent={' or '.join(_GIVEN_CONSENTS)}",
            got=repr(consent) if consent else "none",
            fix="state with `consent` why you may use this voice",
        )
    if isinstance(prompt, str | Path):
        row = voice_from_file(local_path(prompt), consent)
        return replace(row, voice=name or row.voice)
    content = prompt if isinstance(prompt, bytes) else encode_sound(as_waveform(prompt))
    return VoiceRow(voice=name or "voice", content=content, consent=consent)


def _voice_file_row(prompt: Recording | AudioSegment) -> VoiceRow | None:
    """Row of the voice in a voice file; None for a recording."""
    if isinstance(prompt, str | Path) and local_path(prompt).suffix.lower() == VOICE_FILE_SUFFIX:
        return voice_from_file(local_path(prompt), "unknown")
    if isinstance(prompt, bytes) and is_voice_file(prompt):
        file = parse_voice_file(prompt, "The voice")
        return VoiceRow(voice=file.voice, content=prompt, consent=file.consent)
    return None
