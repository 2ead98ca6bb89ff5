"""Options for the synthesis of a single text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from hierbatch.jobs.options.speech import SpeechSettings
from hierbatch.jobs.options.voices import VoiceChoice
from hierbatch.option import Option


@dataclass(frozen=True, kw_only=True)
class SayVoice(VoiceChoice):
    """Recording or voice file of the only voice; the speaker's consent is an option, since there is no voices table."""

    voice: Annotated[Path, Option("Recording of 3 to 15 s of one speaker, or a voice file.")] = field()
    consent: Annotated[
        str,
        Option("Consent for a recording: self, licensed, public_domain or synthetic. You are responsible for it."),
    ] = ""
    voices: Path | None = field(default=None, init=False)
    default_voice: str | None = field(default=None, init=False)
    allow_unknown_consent: bool = field(default=False, init=False)


@dataclass(frozen=True, kw_only=True)
class SaySettings(SpeechSettings):
    """Language, speed and pitch of a single text."""

    language: Annotated[str | None, Option("Language code such as en; auto detects each sentence's.")] = "auto"
    speed: Annotated[float, Option("Scale factor for the speaking rate.", minimum=0.5, maximum=2.0)] = 1.0
    pitch_semitones: Annotated[float, Option("Transposition, in semitones.", minimum=-12.0, maximum=12.0)] = 0.0
