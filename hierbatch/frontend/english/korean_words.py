"""Conversion of Korean words in English text to the nearest English phones."""

from __future__ import annotations

from hierbatch.frontend.phonemes import Phones
from hierbatch.frontend.symbols import VOWELS

_NEAREST = {
    "p͈": "p", "t͈": "t", "k͈": "k", "s͈": "s", "pʰ": "p", "tʰ": "t", "kʰ": "k", "tɕ": "dʒ", "tɕ͈": "tʃ", "tɕʰ": "tʃ",
    "p̚": "p", "t̚": "t", "k̚": "k", "a": "ɑ", "e": "eɪ", "o": "oʊ", "ɯ": "ʊ",
}  # fmt: skip


def to_english_phones(word: Phones) -> Phones:
    """Convert Korean phones to the nearest English ones, with stress on the first vowel.

    >>> to_english_phones(("k", "i", "m", "tɕʰ", "i"))
    ('k', 'ˈi', 'm', 'tʃ', 'i')
    """
    phones = [_NEAREST.get(phone, phone) for phone in word if phone != "ɰ"]
    first = next((index for index, phone in enumerate(phones) if phone in VOWELS), None)
    return tuple(f"ˈ{phone}" if index == first else phone for index, phone in enumerate(phones))
