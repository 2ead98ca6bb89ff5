"""Definition of a language: everything that the rest of the front end needs to know about it."""

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
    """Limits up to which a sentence is joined to its neighbor, since models synthesize short sentences badly."""

    letters: int
    words: int | None = None
    """Number of words; None for no limit on words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Language that can be synthesized. The loaders import the packages that they need when they are called."""

    code: str
    """BCP 47 code, such as `en`."""
    iso639_2: str
    """ISO 639-2 code, such as `eng`, as required by audio containers."""
    name: str
    """English name."""
    letters: str
    """Letters of the language's script, as the content of a regular-expression class."""
    load_normalizer: Callable[[], Normalizer]
    """Loader of the normalizer, a function that spells out numbers and signs as words."""
    load_phonemizer: Callable[[], Phonemizer]
    """Loader of the phonemizer, a function from the words of one clause to the phones of each."""
    version: str = "1"
    """Version of the phonemes, as recorded in a bundle that was trained on them."""
    older_phonemizers: Mapping[str, Callable[[], Phonemizer]] = field(default_factory=dict)
    """Loaders of the phonemizers of older versions, by version."""
    pace: Pace
    max_characters: int
    """Maximum length of a sentence in characters: about twelve seconds, like the longest training sentences."""
    short_sentence: ShortSentence = field(default_factory=lambda: ShortSentence(letters=12, words=2))
    clause_breaks: tuple[re.Pattern[str], ...] = (re.compile(r"[;:,](?=\s)"),)
    """Patterns for the breaks in a long sentence, from the best to the worst; the break is at the end of a match."""
    detection_weight: int = 1
    """Weight of a word in this language when the language of a sentence is detected."""
    noun_ends: str = ""
    """Pattern of the text that may follow a noun, for languages that attach particles to nouns."""
    ipa: IpaSpelling = field(default_factory=IpaSpelling)
    find_foreign_words: Callable[[str], tuple[str, ...]] = _find_none
    """Function that finds the words in unsupported scripts, which the normalizer transliterates or leaves out."""
    foreign_words: Mapping[str, Callable[[], PhoneMap]] = field(default_factory=dict)
    """Loaders of the functions that adapt the phones of another language's words, by the code of that language."""
