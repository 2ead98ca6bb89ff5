"""Options of songs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from hierbatch.jobs.options.speech import TextSettings
from hierbatch.option import Option


@dataclass(frozen=True, kw_only=True)
class SingingSettings(TextSettings):
    """Language, lyrics, transposition and ornaments of songs."""

    language: Annotated[str | None, Option("Language of the lyrics: en, ko, or auto.")] = "auto"
    lyrics: Annotated[
        str, Option("Lyrics instead of those of the score: syllables with hyphens, _ for a held note.")
    ] = ""
    transpose: Annotated[
        str, Option("octave: by the whole octaves that fit the voice best; or a number of semitones.")
    ] = "octave"
    vibrato_cents: Annotated[
        float, Option("Depth of the vibrato of long notes, in cents up and down.", minimum=0.0, maximum=100.0)
    ] = 25.0
