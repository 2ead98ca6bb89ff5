"""Voices of the Python API: a prompt that was checked, and its owner's consent."""

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
    """A prompt encoded for one model, to be reused over many calls."""

    name: str
    consent: str
    """Consent of the voice's owner, one of `self licensed public_domain synthetic`."""
    sha256: str
    """Hash of the prepared prompt."""
    notices: tuple[str, ...]
    """Remarks on the prompt, such as one that is too short for a good likeness."""
    encoded: Any
    """The model's encoding of the prompt."""


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
        consent: consent of that person, one of `self licensed public_domain synthetic`.
        encode: the model's `encode_voice`.
        name: name of the voice; by default the file's own.
        denoise_ratio: share of the denoised prompt in the mix, 0 to 1.
        repeat_to_s: length in seconds to which a shorter prompt is repeated.

    Raises:
        InputError: no consent, or an unknown one.
        PromptError: unreadable, silent or too short.
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
