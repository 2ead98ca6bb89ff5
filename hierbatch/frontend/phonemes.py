"""Phoneme strings: the written form of what will be said, and its ids.

A phoneme string is tokens joined by single spaces. A token is a phone, with a stress mark before a vowel where one
is wanted, or one separator between words: `|` or one of `, . ? !`. It starts with a phone and ends with punctuation:

    h ə l ˈoʊ , w ˈɝ l d .
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.errors import TextError
from hierbatch.frontend.symbols import (
    LANGUAGE_IDS,
    PHONES,
    PUNCTUATION,
    SEPARATORS,
    START,
    STRESS_MARKS,
    SYMBOL_IDS,
    WORD_BOUNDARY,
)

Word = tuple[str, ...]
_PHONES = frozenset(PHONES)


@dataclass(frozen=True, slots=True)
class PhonemeIds:
    """What a text-to-vector model reads.

    Shape:
        symbols  [N]  index into SYMBOLS; the first is START, the rest are the string's tokens in order
        stress   [N]  index into STRESS_MARKS
        language      index into LANGUAGES
    """

    symbols: tuple[int, ...]
    stress: tuple[int, ...]
    language: int


def split_stress(token: str) -> tuple[str, int]:
    """The bare symbol of a token and its stress id.

    >>> split_stress("ˈoʊ")
    ('oʊ', 1)
    """
    if token[:1] in ("ˈ", "ˌ"):
        return token[1:], STRESS_MARKS.index(token[0])
    return token, 0


def join_words(words: Sequence[Word], separators: Sequence[str]) -> str:
    """Phoneme string of words and the separator that follows each.

    >>> join_words([("h", "aɪ"), ("j", "u")], ["|", "?"])
    'h aɪ | j u ?'
    """
    if len(words) != len(separators):
        raise ValueError(f"each word has one separator after it, but there are {len(words)} and {len(separators)}")
    tokens: list[str] = []
    for word, separator in zip(words, separators, strict=True):
        tokens.extend((*word, separator))
    if tokens and tokens[-1] == WORD_BOUNDARY:
        tokens[-1] = "."
    return " ".join(tokens)


def split_words(phonemes: str) -> list[tuple[Word, str]]:
    """Words of a phoneme string with the separator after each; the inverse of `join_words`."""
    words: list[tuple[Word, str]] = []
    current: list[str] = []
    for token in phonemes.split():
        if token in SEPARATORS:
            words.append((tuple(current), token))
            current = []
        else:
            current.append(token)
    if current:
        words.append((tuple(current), "."))
    return words


def check_phonemes(phonemes: str) -> None:
    """Refuse a string the models could not read.

    Raises:
        TextError: empty, an unknown symbol, or separators in the wrong place.
    """
    tokens = phonemes.split()
    if not tokens:
        raise TextError("There is nothing to say", wanted="at least one phone", got="an empty phoneme string")
    unknown = sorted({token for token in tokens if token not in SEPARATORS and split_stress(token)[0] not in _PHONES})
    if unknown:
        raise TextError(
            "The phoneme string holds unknown symbols",
            wanted="phones of the table in hierbatch/frontend/symbols.py, separated by spaces",
            got=" ".join(unknown),
            mend="replace them, or leave the phonemes column empty so that the text is used",
        )
    if any(not word for word, _ in split_words(phonemes)) or tokens[-1] not in PUNCTUATION:
        raise TextError(
            "The phoneme string has its separators in the wrong place",
            wanted="words separated by exactly one of | , . ? ! and punctuation at the end",
            got=phonemes[:80],
        )


def encode(phonemes: str, language: str) -> PhonemeIds:
    """Ids of a phoneme string, START first.

    Raises:
        TextError: as `check_phonemes`, or a language the table does not hold.
    """
    check_phonemes(phonemes)
    if language not in LANGUAGE_IDS:
        raise TextError("The language is not known", wanted=" or ".join(LANGUAGE_IDS), got=repr(language))
    pairs = [(START, 0), *(split_stress(token) for token in phonemes.split())]
    return PhonemeIds(
        symbols=tuple(SYMBOL_IDS[symbol] for symbol, _ in pairs),
        stress=tuple(stress for _, stress in pairs),
        language=LANGUAGE_IDS[language],
    )
