"""Recognition errors in words, characters and phones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hierbatch.frontend.edit_distance import Errors, count_errors
from hierbatch.frontend.phonemes import split_stress
from hierbatch.frontend.symbols import SEPARATORS


def fewest_errors(readings: Sequence[Sequence[str]], hypothesis: Sequence[str]) -> Errors:
    """Errors against the best-matching reference reading, since a recognizer may write either `12` or `twelve`."""
    counted = [count_errors(reading, hypothesis) for reading in readings]
    return min(counted, key=lambda errors: errors.n_errors / max(1, errors.n_tokens))


_PHONE_VARIANTS = {
    "g": "ɡ", "tʃ": "t͡ʃ", "dʒ": "d͡ʒ", "ɾ": "t", "ɝ": "ɚ", "ɜ": "ɚ", "ɔ": "ɑ", "ʌ": "ə",
}  # fmt: skip
"""Alternative symbols of a phone, and pairs that differ between English dictionaries and accents."""


def phones_of(phonemes: str) -> list[str]:
    """Normalized phones of a phoneme string, without stress marks and separators."""
    tokens = (split_stress(token)[0] for token in phonemes.split() if token not in SEPARATORS)
    return one_spelling(tokens)


def one_spelling(phones: Iterable[str]) -> list[str]:
    """Map the variants of each phone to one symbol."""
    return [_PHONE_VARIANTS.get(phone, phone) for phone in phones]
