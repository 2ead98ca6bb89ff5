"""Counting what was heard wrong: words, characters and phones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hierbatch.frontend.phonemes import split_stress
from hierbatch.frontend.symbols import SEPARATORS


@dataclass(frozen=True, slots=True)
class Errors:
    """Substitutions, insertions and deletions, and how many tokens there should have been."""

    n_errors: int
    n_tokens: int


def count_errors(wanted: Sequence[str], heard: Sequence[str]) -> Errors:
    """Least number of edits from one sequence of tokens to the other (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for n_deleted, token in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], n_deleted
        for place, other in enumerate(heard, start=1):
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, diagonal + (token != other))
    return Errors(row[-1], len(wanted))


def fewest_errors(readings: Sequence[Sequence[str]], heard: Sequence[str]) -> Errors:
    """Errors against the reading that fits best: a recogniser may write `12` or `twelve` for the same sound."""
    counted = [count_errors(reading, heard) for reading in readings]
    return min(counted, key=lambda errors: errors.n_errors / max(1, errors.n_tokens))


_ONE_SPELLING = {
    "g": "ɡ", "tʃ": "t͡ʃ", "dʒ": "d͡ʒ", "ɾ": "t", "ɝ": "ɚ", "ɜ": "ɚ", "ɔ": "ɑ", "ʌ": "ə",
}  # fmt: skip
"""Other spellings of a phone, and pairs that English dictionaries and accents do not agree on."""


def phones_of(phonemes: str) -> list[str]:
    """The phones of a phoneme string in the one spelling, without stress and word boundaries."""
    tokens = (split_stress(token)[0] for token in phonemes.split() if token not in SEPARATORS)
    return one_spelling(tokens)


def one_spelling(phones: Iterable[str]) -> list[str]:
    return [_ONE_SPELLING.get(phone, phone) for phone in phones]
