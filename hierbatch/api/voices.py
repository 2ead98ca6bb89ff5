"""Voices of the Python API: an encoded prompt, with the consent of the person who speaks in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hierbatch.api.sound import Recording, as_waveform
from hierbatch.audio.files import encode_sound, read_sound
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import InputError, PromptError
from hierbatch.manifest.voices import CONSENTS, VoiceRow, voice_from_file
from hierbatch.object_path import local_path
from hierbatch.stages.prompts import prepare_prompt
from hierbatch.stages.voices import repeat_to

if TYPE_CHECKING:
    from pydub import AudioSegment

_GIVEN_CONSENTS = tuple(consent for consent in CONSENTS if consent != "unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Prompt encoded for one model, for use in several calls."""

    name: str
    consent: str
    """Consent of the person: `self`, `licensed`, `public_domain` or `synthetic`."""
    sha256: str
    """Hash of the prepared prompt."""
    notices: tuple[str, ...]
    """Notices about the prompt, for example that it is short."""
    encoded: Any
    """Voice as encoded by the model."""


def encode_voice(
    prompt: Recording | AudioSegment,
    consent: str,
    encode: Callable[[Waveform], Any],
    *,
    name: str = "",
    denoise_ratio: float = 0.0,
    repeat_to_s: float = 0.0,
) -> Voice:
    """Check a prompt and encode it.

    Args:
        prompt: 3 to 15 s of one person speaking.
        consent: consent of that person: `self`, `licensed`, `public_domain` or `synthetic`.
        encode: method `encode_voice` of the model.
        name: name of the voice; by default that of the file.
        denoise_ratio: share of the denoised prompt in the mix, 0 to 1.
        repeat_to_s: length in seconds to which a shorter prompt is repeated.

    Raises:
        InputError: the consent is missing or unknown.
        PromptError: the prompt is unreadable, silent or too short.
    """
    if consent not in _GIVEN_CONSENTS:
        raise InputError(
            "The consent of the voice's owner is missing",
            expected=f"consent={' or '.join(_GIVEN_CONSENTS)}",
            got=repr(consent) if consent else "none",
            fix="say with `consent` why you may use this voice",
        )
    row = _voice_row(prompt, consent, name)
    prepared = prepare_prompt(row.read_prompt(), row.voice, denoise_ratio=denoise_ratio)
    sound = read_sound(prepared.flac, name=f"voice {row.voice}", raises=PromptError)
    return Voice(
        name=row.voice,
        consent=consent,
        sha256=prepared.sha256,
        notices=prepared.notices,
        encoded=encode(repeat_to(sound, repeat_to_s)),
    )


def _voice_row(prompt: Recording | AudioSegment, consent: str, name: str) -> VoiceRow:
    if isinstance(prompt, str | Path):
        row = voice_from_file(local_path(prompt), consent)
        return VoiceRow(voice=name or row.voice, path=row.path, consent=consent)
    content = prompt if isinstance(prompt, bytes) else encode_sound(as_waveform(prompt))
    return VoiceRow(voice=name or "voice", content=content, consent=consent)
