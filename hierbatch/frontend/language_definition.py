"""Definition of a language: everything that differs between languages outside their own folders."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hierbatch.frontend.ipa import IpaSpelling
from hierbatch.frontend.phonemes import Phones

Normalizer = Callable[[str], str]
Phonemizer = Callable[[Sequence[str]], list[Phones]]
PhoneMap = Callable[[Phones], Phones]


def _find_none(_text: str) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds per token, by type of token, in read speech."""

    phone_s: float
    word_s: float
    comma_s: float
    sentence_s: float


@dataclass(frozen=True, slots=True)
class ShortSentence:
    """Limits below which a sentence is joined to its neighbour, since models synthesize it badly."""

    letters: int
    words: int | None = None
    """None: words do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Language that can be spoken. The loaders import what they need on first use."""

    code: str
    """BCP 47 code, such as `en`."""
    iso639_2: str
    """ISO 639-2 code, such as `eng`, as required by audio containers."""
    name: str
    """English name."""
    letters: str
    """Letters of its script, as the inside of a character class."""
    load_normalizer: Callable[[], Normalizer]
    """Loads the function that spells out numbers and signs as words."""
    load_phonemizer: Callable[[], Phonemizer]
    """Loads the phonemizer of the words of one clause."""
    version: str = "1"
    """Version of its phonemes, as recorded in a bundle that was trained on them."""
    older_phonemizers: Mapping[str, Callable[[], Phonemizer]] = field(default_factory=dict)
    """Loaders of the phonemizers of older versions, by version."""
    pace: Pace
    max_characters: int
    """Longest sentence: about twelve seconds, the length of the longest training sentences."""
    short_sentence: ShortSentence = field(default_factory=lambda: ShortSentence(letters=12, words=2))
    clause_breaks: tuple[re.Pattern[str], ...] = (re.compile(r"[;:,](?=\s)"),)
    """Places to split a long sentence, from the best to the worst; each match ends where the break is."""
    detection_weight: int = 1
    """Weight of each of its words when the language of a sentence is detected."""
    noun_ends: str = ""
    """Pattern of what follows a noun, for languages that attach particles to it."""
    ipa: IpaSpelling = field(default_factory=IpaSpelling)
    find_foreign_words: Callable[[str], tuple[str, ...]] = _find_none
    """Finds the words that its normalizer transliterates or leaves out, since their script is not supported."""
    foreign_words: Mapping[str, Callable[[], PhoneMap]] = field(default_factory=dict)
    """Loaders of the functions that adapt words of another language's script, by its code."""
