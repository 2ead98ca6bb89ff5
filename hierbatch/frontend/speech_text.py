"""The front end as one instrument: a sentence and its language to a phoneme string."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.errors import TextError
from hierbatch.frontend.characters import clean_characters, drop_placeholders
from hierbatch.frontend.korean_in_english import in_english_sounds
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.frontend.lexicon_words import Phonemizer, SpokenWord, stand_in_words
from hierbatch.frontend.normalization.english import normalize_english
from hierbatch.frontend.normalization.korean import normalize_korean
from hierbatch.frontend.phonemes import Word, join_words
from hierbatch.frontend.symbols import LANGUAGES, PUNCTUATION, WORD_BOUNDARY

_NORMALIZERS = {"en": normalize_english, "ko": normalize_korean}
_HANGUL = re.compile("[가-힣]")
_PIECE = re.compile(rf"[^\s{''.join(PUNCTUATION)}]+|[{''.join(PUNCTUATION)}]")


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence as it will be said; `text_norm.split()` and the word groups of `phonemes` pair up one to one."""

    text_norm: str
    phonemes: str
    language: str


class SpeechFrontEnd:
    """Turns text into phoneme strings; a language's tools are loaded when it is first met."""

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or Lexicon([])
        self._phonemizers: dict[str, Phonemizer] = {}

    def speak(self, text: str, language: str) -> SpokenSentence:
        """The phoneme string of one sentence.

        Raises:
            TextError: unknown language, a script that cannot be spoken, or nothing in the text to say.
        """
        if language not in _NORMALIZERS:
            raise TextError("The language is not known", wanted=" or ".join(LANGUAGES), got=repr(language))
        marked = self._lexicon.mark(clean_characters(drop_placeholders(text)), language)
        phonemizer = self._phonemizer(language)
        words: list[str] = []
        phones: list[Word] = []
        separators: list[str] = []
        for clause, separator in _clauses(_NORMALIZERS[language](marked.text)):
            asked = [word for piece in clause for word in stand_in_words(piece, marked.entries, phonemizer)]
            for word, spoken in zip(asked, self._pronounce(asked, language), strict=True):
                if spoken:
                    words.append(word.written)
                    phones.append(spoken)
                    separators.append(WORD_BOUNDARY)
            if separators and separators[-1] == WORD_BOUNDARY:
                separators[-1] = separator
        if not phones:
            raise TextError(
                "There is nothing to say",
                wanted="at least one word",
                got=repr(text[:80]),
                mend="leave the row out, or write the signs in words",
            )
        if separators[-1] == ",":
            separators[-1] = "."
        return SpokenSentence(" ".join(words), join_words(phones, separators), language)

    def _pronounce(self, words: Sequence[SpokenWord], language: str) -> list[Word]:
        """Phones of a clause's words: the lexicon's own where it has them, heard in their context where not."""
        spoken = self._phonemizer(language)([word.spoken for word in words])
        given = [word.phones or phones for word, phones in zip(words, spoken, strict=True)]
        for index, word in enumerate(words):
            if language == "en" and not word.phones and _HANGUL.search(word.spoken):
                given[index] = in_english_sounds(self._phonemizer("ko")([word.spoken])[0])
        return given

    def _phonemizer(self, language: str) -> Phonemizer:
        if language not in self._phonemizers:
            if language == "en":
                from hierbatch.frontend.english import EnglishPhonemizer

                self._phonemizers[language] = EnglishPhonemizer()
            else:
                from hierbatch.frontend.korean import KoreanPhonemizer

                self._phonemizers[language] = KoreanPhonemizer()
        return self._phonemizers[language]


def _clauses(normalized: str) -> list[tuple[list[str], str]]:
    """Words up to each mark of normalized text, and that mark."""
    clauses: list[tuple[list[str], str]] = []
    words: list[str] = []
    for piece in _PIECE.findall(normalized):
        if piece in PUNCTUATION:
            clauses.append((words, piece))
            words = []
        else:
            words.append(piece)
    return [*clauses, (words, ".")] if words else clauses
