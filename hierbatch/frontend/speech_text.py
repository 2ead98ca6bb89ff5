"""Text front end: the pipeline from a sentence to its phoneme string."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hierbatch.errors import TextError
from hierbatch.frontend.characters import clean_characters, drop_placeholders
from hierbatch.frontend.language import get_language, load_phonemizer
from hierbatch.frontend.language_definition import Normalizer, PhoneMap, Phonemizer
from hierbatch.frontend.lexicon import Lexicon, MarkedText
from hierbatch.frontend.lexicon_words import expand_placeholders
from hierbatch.frontend.phonemes import Phones, join_words
from hierbatch.frontend.symbols import PUNCTUATION, WORD_BOUNDARY

_TOKEN = re.compile(rf"[^\s{''.join(PUNCTUATION)}]+|[{''.join(PUNCTUATION)}]")


@dataclass(frozen=True, slots=True)
class PhonemizedSentence:
    """Sentence ready for synthesis; the words of `text_norm.split()` and of `phonemes` correspond one to one."""

    text_norm: str
    phonemes: str
    language: str
    foreign_words: tuple[str, ...] = ()
    """Words of an unsupported script, which were transliterated or left out."""


@dataclass(frozen=True, slots=True)
class _LoadedLanguage:
    """Loaded functions of a language; by other language, a pattern of its letters and a converter of its phones."""

    normalizer: Normalizer
    phonemizer: Phonemizer
    foreign_words: Mapping[str, tuple[re.Pattern[str], PhoneMap]]


MAX_TEXT_CHARACTERS = 10_000
"""Maximum length of the text of one row, about ten minutes of speech; it limits memory and the time of some rules."""


class SpeechFrontEnd:
    """Converter of text to phoneme strings; the functions of a language are loaded on its first use."""

    def __init__(self, lexicon: Lexicon | None = None, versions: Mapping[str, str] | None = None) -> None:
        """Create a front end.

        Args:
            lexicon: pronunciations that take precedence over the front end.
            versions: version of the phonemes per language, as recorded in a bundle; by default the current version.
        """
        self._lexicon = lexicon or Lexicon([])
        self._versions = versions or {}
        self._loaded: dict[str, _LoadedLanguage] = {}

    def phonemize(self, text: str, language: str) -> PhonemizedSentence:
        """Convert one sentence to a phoneme string.

        Raises:
            TextError: the language is unknown, or the text is in an unsupported script, has no words or is too long.
        """
        if len(text) > MAX_TEXT_CHARACTERS:
            raise TextError(
                "The text is too long for one row",
                expected=f"at most {MAX_TEXT_CHARACTERS:,} characters",
                got=f"{len(text):,}",
                fix="split it into sentences, or import it as a book",
            )
        loaded = self._load(language)
        marked = self._lexicon.mark(clean_characters(drop_placeholders(text)), language)
        words: list[str] = []
        phones: list[Phones] = []
        separators: list[str] = []
        for clause, separator in _clauses(loaded.normalizer(marked.text)):
            written, pronounced_words = self._pronounce_clause(clause, marked, language)
            for word, pronounced in zip(written, pronounced_words, strict=True):
                if pronounced:
                    words.append(word)
                    phones.append(pronounced)
                    separators.append(WORD_BOUNDARY)
            if separators and separators[-1] == WORD_BOUNDARY:
                separators[-1] = separator
        if not phones:
            raise TextError(
                "There is nothing to say",
                expected="at least one word",
                got=repr(text[:80]),
                fix="remove the row, or write its symbols as words",
            )
        if separators[-1] == ",":
            separators[-1] = "."
        foreign = get_language(language).find_foreign_words(marked.text)
        return PhonemizedSentence(" ".join(words), join_words(phones, separators), language, foreign)

    def _pronounce_clause(
        self, clause: Sequence[str], marked: MarkedText, language: str
    ) -> tuple[Sequence[str], Sequence[Phones]]:
        """Words of a clause as written, and their phones: those of the lexicon if it has them."""
        if not marked.entries:
            return clause, self._pronounce(clause, {}, language)
        phonemizer = self._load(language).phonemizer
        words = [word for token in clause for word in expand_placeholders(token, marked.entries, phonemizer)]
        known = {index: word.phones for index, word in enumerate(words) if word.phones}
        return [word.written for word in words], self._pronounce([word.respelling for word in words], known, language)

    def _pronounce(self, words: Sequence[str], known: Mapping[int, Phones], language: str) -> Sequence[Phones]:
        """Phones of the words of a clause by the phonemizer, except for those that are known, by index."""
        loaded = self._load(language)
        pronounced = loaded.phonemizer(words)
        for code, (letters, adapt) in loaded.foreign_words.items():
            if letters.search(" ".join(words)):
                for index, word in enumerate(words):
                    if index not in known and letters.search(word):
                        pronounced[index] = adapt(self._load(code).phonemizer([word])[0])
        for index, phones in known.items():
            pronounced[index] = phones
        return pronounced

    def _load(self, code: str) -> _LoadedLanguage:
        if code not in self._loaded:
            language = get_language(code)
            self._loaded[code] = _LoadedLanguage(
                language.load_normalizer(),
                load_phonemizer(language, self._versions.get(code)),
                {
                    other: (re.compile(f"[{get_language(other).letters}]"), load())
                    for other, load in language.foreign_words.items()
                },
            )
        return self._loaded[code]


def _clauses(normalized: str) -> list[tuple[list[str], str]]:
    """Split normalized text at its punctuation marks into clauses: the words of each, and the mark after them."""
    clauses: list[tuple[list[str], str]] = []
    words: list[str] = []
    for token in _TOKEN.findall(normalized):
        if token in PUNCTUATION:
            clauses.append((words, token))
            words = []
        else:
            words.append(token)
    return [*clauses, (words, ".")] if words else clauses
