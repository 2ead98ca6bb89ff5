"""Phoneme strings, the input of the text-to-vector models, and their ids.

A phoneme string consists of tokens joined by single spaces. A token is a phone, with a stress mark before a stressed
vowel, or a separator between words: `|` or one of `, . ? !`. A string starts with a phone and ends with punctuation:

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

Phones = tuple[str, ...]
"""Phones of one word; a stressed vowel includes its stress mark."""

_PHONES = frozenset(PHONES)

MAX_TOKENS = 20_000
"""Maximum number of tokens in the phoneme string of one row."""
_MAX_SHOWN = 80


@dataclass(frozen=True, slots=True)
class PhonemeIds:
    """Input ids of a text-to-vector model.

    Shape:
        symbols  [N]  index into SYMBOLS; START, then the tokens of the string in order
        stress   [N]  index into STRESS_MARKS
        language      index into LANGUAGES
    """

    symbols: tuple[int, ...]
    stress: tuple[int, ...]
    language: int


def split_stress(token: str) -> tuple[str, int]:
    """Split a token into its bare symbol and its stress id.

    >>> split_stress("ˈoʊ")
    ('oʊ', 1)
    """
    if token[:1] in ("ˈ", "ˌ"):
        return token[1:], STRESS_MARKS.index(token[0])
    return token, 0


def join_words(words: Sequence[Phones], separators: Sequence[str]) -> str:
    """Join words, and the separator after each, into a phoneme string; a final `|` becomes a full stop.

    Raises:
        ValueError: there is not one separator per word.

    >>> join_words([("h", "aɪ"), ("j", "u")], ["|", "?"])
    'h aɪ | j u ?'
    """
    if len(words) != len(separators):
        raise ValueError(
            f"each word needs one separator after it, but there are {len(words)} words and {len(separators)} separators"
        )
    tokens: list[str] = []
    for word, separator in zip(words, separators, strict=True):
        tokens.extend((*word, separator))
    if tokens and tokens[-1] == WORD_BOUNDARY:
        tokens[-1] = "."
    return " ".join(tokens)


def split_words(phonemes: str) -> list[tuple[Phones, str]]:
    """Split a phoneme string into words with the separator after each; the inverse of `join_words`."""
    words: list[tuple[Phones, str]] = []
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
    """Check that a phoneme string is valid input for the models.

    Raises:
        TextError: the string is empty, is too long, or has an unknown symbol or a misplaced separator.
    """
    tokens = phonemes.split()
    if not tokens:
        raise TextError(
            "There is nothing to say",
            expected="at least one phone",
            got="an empty phoneme string",
            fix="add phonemes, or leave the phonemes column empty so that the text is used",
        )
    if len(tokens) > MAX_TOKENS:
        raise TextError(
            "The phoneme string is too long for one row",
            expected=f"at most {MAX_TOKENS:,} tokens",
            got=f"{len(tokens):,}",
            fix="split it into several rows",
        )
    unknown = sorted({token for token in tokens if token not in SEPARATORS and split_stress(token)[0] not in _PHONES})
    if unknown:
        raise TextError(
            "The phoneme string has unknown symbols",
            expected="phones of the table in hierbatch/frontend/symbols.py, separated by spaces",
            got=" ".join(unknown)[:_MAX_SHOWN],
            fix="replace them, or leave the phonemes column empty so that the text is used",
        )
    if any(not word for word, _ in split_words(phonemes)) or tokens[-1] not in PUNCTUATION:
        raise TextError(
            "The phoneme string has misplaced separators",
            expected="words separated by exactly one of | , . ? ! and punctuation at the end",
            got=phonemes[:80],
            fix="correct the separators, or leave the phonemes column empty so that the text is used",
        )


def encode(phonemes: str, language: str) -> PhonemeIds:
    """Encode a phoneme string as ids; the first is that of START.

    Raises:
        TextError: as in `check_phonemes`, or the language is unknown.
    """
    check_phonemes(phonemes)
    if language not in LANGUAGE_IDS:
        raise TextError(
            "Unknown language", expected=" or ".join(LANGUAGE_IDS), got=repr(language), fix="correct the language"
        )
    pairs = [(START, 0), *(split_stress(token) for token in phonemes.split())]
    return PhonemeIds(
        symbols=tuple(SYMBOL_IDS[symbol] for symbol, _ in pairs),
        stress=tuple(stress for _, stress in pairs),
        language=LANGUAGE_IDS[language],
    )
