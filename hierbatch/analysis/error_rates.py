"""Counting what was heard wrong: words, characters and phones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hierbatch.frontend.edit_distance import Errors, count_errors
from hierbatch.frontend.phonemes import split_stress
from hierbatch.frontend.symbols import SEPARATORS


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
