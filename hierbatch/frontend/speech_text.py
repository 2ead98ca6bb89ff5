"""Text front end: pipeline from a sentence and its language to a phoneme string."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.errors import TextError
from hierbatch.frontend.characters import clean_characters, drop_placeholders
from hierbatch.frontend.english.korean_words import to_english_phones
from hierbatch.frontend.english.normalization import normalize_english
from hierbatch.frontend.korean.normalization import normalize_korean
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.frontend.lexicon_words import ClauseWord, Phonemizer, expand_placeholders
from hierbatch.frontend.phonemes import Phones, join_words
from hierbatch.frontend.symbols import LANGUAGES, PUNCTUATION, WORD_BOUNDARY

_NORMALIZERS = {"en": normalize_english, "ko": normalize_korean}
_HANGUL = re.compile("[가-힣]")
_TOKEN = re.compile(rf"[^\s{''.join(PUNCTUATION)}]+|[{''.join(PUNCTUATION)}]")


@dataclass(frozen=True, slots=True)
class PhonemizedSentence:
    """A sentence ready for synthesis; the words of `text_norm.split()` and of `phonemes` correspond one to one."""

    text_norm: str
    phonemes: str
    language: str


class SpeechFrontEnd:
    """Converts text to phoneme strings. The phonemizer of a language is loaded on first use."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or Lexicon([])
        self._phonemizers: dict[str, Phonemizer] = {}

    def phonemize(self, text: str, language: str) -> PhonemizedSentence:
        """Convert one sentence to a phoneme string.

        Raises:
            TextError: unknown language, unsupported script, or a text without words.
        """
        if language not in _NORMALIZERS:
            raise TextError(
                "Unknown language", expected=" or ".join(LANGUAGES), got=repr(language), fix="correct the language"
            )
        marked = self._lexicon.mark(clean_characters(drop_placeholders(text)), language)
        phonemizer = self._phonemizer(language)
        words: list[str] = []
        phones: list[Phones] = []
        separators: list[str] = []
        for clause, separator in _clauses(_NORMALIZERS[language](marked.text)):
            expanded = [word for token in clause for word in expand_placeholders(token, marked.entries, phonemizer)]
            for word, pronounced in zip(expanded, self._pronounce(expanded, language), strict=True):
                if pronounced:
                    words.append(word.written)
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
        return PhonemizedSentence(" ".join(words), join_words(phones, separators), language)

    def _pronounce(self, words: Sequence[ClauseWord], language: str) -> list[Phones]:
        """Phones of the words of a clause: from the lexicon if it has them, otherwise by context."""
        by_context = self._phonemizer(language)([word.respelling for word in words])
        pronounced = [word.phones or phones for word, phones in zip(words, by_context, strict=True)]
        for index, word in enumerate(words):
            if language == "en" and not word.phones and _HANGUL.search(word.respelling):
                pronounced[index] = to_english_phones(self._phonemizer("ko")([word.respelling])[0])
        return pronounced

    def _phonemizer(self, language: str) -> Phonemizer:
        if language not in self._phonemizers:
            if language == "en":
                from hierbatch.frontend.english.phonemizer import EnglishPhonemizer

                self._phonemizers[language] = EnglishPhonemizer()
            else:
                from hierbatch.frontend.korean.phonemizer import KoreanPhonemizer

                self._phonemizers[language] = KoreanPhonemizer()
        return self._phonemizers[language]


def _clauses(normalized: str) -> list[tuple[list[str], str]]:
    """Split normalised text at its punctuation: the words of each clause, and the mark after them."""
    clauses: list[tuple[list[str], str]] = []
    words: list[str] = []
    for token in _TOKEN.findall(normalized):
        if token in PUNCTUATION:
            clauses.append((words, token))
            words = []
        else:
            words.append(token)
    return [*clauses, (words, ".")] if words else clauses
