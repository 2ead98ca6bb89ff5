"""The front end as one instrument: a sentence and its language to a phoneme string."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hierbatch.errors import TextError
from hierbatch.frontend.phonemes import Word, join_words
from hierbatch.frontend.symbols import LANGUAGES, WORD_BOUNDARY

_MARKS = {",": ",", ";": ",", ":": ",", ".": ".", "?": "?", "!": "!", "…": ",", "—": ",", "–": ","}
_STRONGEST = ("?", "!", ".", ",")
_WORD = re.compile(r"[^\s,;:.?!…—–]+|[,;:.?!…—–]+")


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence as it will be said; `text_norm.split()` and the word groups of `phonemes` pair up one to one."""

    text_norm: str
    phonemes: str
    language: str


class SpeechFrontEnd:
    """Turns text into phoneme strings; a language's tools are loaded when it is first met."""

    def __init__(self) -> None:
        self._phonemizers: dict[str, Callable[[Sequence[str]], list[Word]]] = {}

    def speak(self, text: str, language: str) -> SpokenSentence:
        """The phoneme string of one sentence.

        Raises:
            TextError: unknown language, or nothing in the text can be spoken.
        """
        phonemizer = self._phonemizer(language)
        words: list[str] = []
        phones: list[Word] = []
        separators: list[str] = []
        for clause, separator in _clauses(text):
            for word, spoken in zip(clause, phonemizer(clause), strict=True):
                if spoken:
                    words.append(word)
                    phones.append(spoken)
                    separators.append(WORD_BOUNDARY)
            if separators and (separators[-1] == WORD_BOUNDARY):
                separators[-1] = separator
        if not phones:
            raise TextError("There is nothing to say", wanted="at least one word", got=repr(text[:80]))
        if separators[-1] not in (".", "?", "!"):
            separators[-1] = "."
        return SpokenSentence(" ".join(words), join_words(phones, separators), language)

    def _phonemizer(self, language: str) -> Callable[[Sequence[str]], list[Word]]:
        if language not in self._phonemizers:
            if language == "en":
                from hierbatch.frontend.english import EnglishPhonemizer

                self._phonemizers[language] = EnglishPhonemizer()
            elif language == "ko":
                from hierbatch.frontend.korean import KoreanPhonemizer

                self._phonemizers[language] = KoreanPhonemizer()
            else:
                raise TextError("The language is not known", wanted=" or ".join(LANGUAGES), got=repr(language))
        return self._phonemizers[language]


def _clauses(text: str) -> list[tuple[list[str], str]]:
    """Words up to each punctuation mark, and that mark in the table's own four."""
    clauses: list[tuple[list[str], str]] = []
    words: list[str] = []
    for piece in _WORD.findall(text):
        if piece[0] in _MARKS:
            marks = {_MARKS[mark] for mark in piece}
            clauses.append((words, next(mark for mark in _STRONGEST if mark in marks)))
            words = []
        elif cleaned := piece.strip("\"'“”‘’()[]{}«»<>*_-·"):
            words.append(cleaned)
    if words:
        clauses.append((words, "."))
    return clauses
