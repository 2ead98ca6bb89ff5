"""Conversion of IPA spellings to the phones of the shared table."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from hierbatch.frontend.phonemes import Phones
from hierbatch.frontend.symbols import PHONES, VOWELS

_TABLE = {unicodedata.normalize("NFD", phone): phone for phone in PHONES}
_MAX_CHARACTERS = 4
_STRESS = ("ˈ", "ˌ")
_IGNORED = frozenset("ː.‿͜͡ˑ/[]()ʼ'")


@dataclass(frozen=True)
class IpaSpelling:
    """IPA spellings of a language's sounds, in addition to the phones of the shared table, which spell themselves."""

    rewrites: Mapping[str, Phones] = field(default_factory=dict)
    """Phones for spellings that are not in the shared table."""
    excluded: frozenset[str] = frozenset()
    """Phones of the shared table that do not occur in the language, and are rewritten to others."""
    has_stress: bool = False

    @functools.cached_property
    def decomposed(self) -> dict[str, Phones]:
        """The rewrites, with spellings in Unicode's decomposed form (NFD)."""
        return {unicodedata.normalize("NFD", written): word for written, word in self.rewrites.items()}


def split_phones(ipa: str, spelling: IpaSpelling) -> tuple[Phones, tuple[str, ...]]:
    """Split one word of IPA into phones of the shared table; also return the unknown characters.

    The longest match wins. A stress mark before a syllable, as in dictionaries, moves to the vowel of the syllable; it
    is dropped for a language without stress.

    >>> split_phones("həˈloʊ", IpaSpelling(has_stress=True))
    (('h', 'ə', 'l', 'ˈoʊ'), ())
    """
    text = unicodedata.normalize("NFD", ipa.replace("\u0361", "").replace("\u035c", ""))
    phones: list[str] = []
    unknown: list[str] = []
    stress = ""
    while text:
        size, symbols = _longest_match(text, spelling)
        if text[0] in _STRESS:
            stress = text[0]
        elif symbols:
            for symbol in symbols:
                takes_stress = stress and symbol in VOWELS and spelling.has_stress
                phones.append(stress + symbol if takes_stress else symbol)
                stress = "" if takes_stress else stress
        elif text[0] not in _IGNORED:
            unknown.append(text[0])
        text = text[size:]
    return tuple(phones), tuple(unknown)


def _longest_match(text: str, spelling: IpaSpelling) -> tuple[int, Phones]:
    for size in range(min(_MAX_CHARACTERS, len(text)), 0, -1):
        written = text[:size]
        if written in _TABLE and written not in spelling.excluded:
            return size, (_TABLE[written],)
        if written in spelling.decomposed:
            return size, spelling.decomposed[written]
    return 1, ()
