"""Options of texts, and settings of their speech."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from hierbatch.option import Option, OptionGroup

MAX_SEED = 2**63 - 1
"""Largest value of the column `seed`."""


@dataclass(frozen=True, kw_only=True)
class TakeSeed(OptionGroup):
    """Seed of a run."""

    TITLE: ClassVar[str] = "Sound"

    seed: Annotated[int, Option("Random seed; another seed gives other takes.", minimum=0, maximum=MAX_SEED)] = 0


@dataclass(frozen=True, kw_only=True)
class TextSettings(TakeSeed):
    """Language and pronunciations of texts."""

    language: Annotated[str | None, Option("Language of rows without one: en, ko, or auto. Default: auto.")] = None
    lexicon: Annotated[Path | None, Option("Pronunciations: CSV with word,pronunciation,kind,language,scope.")] = None


@dataclass(frozen=True, kw_only=True)
class CorpusTextSettings(TextSettings):
    """Language and pronunciations of running text, whose sentences may be in several languages."""

    language: Annotated[str | None, Option("en or ko for all rows; auto detects each sentence.")] = "auto"


@dataclass(frozen=True, kw_only=True)
class SpeechSettings(TextSettings):
    """Language, pronunciations, speed and seed of synthesized rows."""

    speed: Annotated[
        float, Option("Scale factor for the speaking rate of rows without one.", minimum=0.5, maximum=2.0)
    ] = 1.0


@dataclass(frozen=True, kw_only=True)
class BookSpeechSettings(SpeechSettings):
    """Language, pronunciations, speed and seed of a book, whose sentences may be in several languages."""

    language: Annotated[str | None, Option("en or ko for all rows; auto detects each sentence.")] = "auto"
    keep: Annotated[str, Option("Parts to read that are skipped by default, such as index,notes.")] = ""
