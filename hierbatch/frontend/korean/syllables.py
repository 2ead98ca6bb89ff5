"""Conversion between Hangul syllables and their letters, by the arithmetic of Unicode (section 3.12)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
NUCLEI = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
SILENT = "ㅇ"
"""Onset letter of a syllable that begins with its vowel."""

_FIRST = 0xAC00


@dataclass(slots=True)
class HangulSyllable:
    """Letters of one syllable; `coda` is empty for an open syllable."""

    onset: str
    nucleus: str
    coda: str

    def __str__(self) -> str:
        index = (ONSETS.index(self.onset) * len(NUCLEI) + NUCLEI.index(self.nucleus)) * len(CODAS)
        return chr(_FIRST + index + CODAS.index(self.coda))


@lru_cache(maxsize=12_000)
def split_syllable(character: str) -> HangulSyllable:
    """Split a Hangul syllable into its letters. The result is shared: copy it before a change.

    >>> split_syllable("닭")
    HangulSyllable(onset='ㄷ', nucleus='ㅏ', coda='ㄺ')
    """
    onset, rest = divmod(ord(character) - _FIRST, len(NUCLEI) * len(CODAS))
    nucleus, coda = divmod(rest, len(CODAS))
    return HangulSyllable(ONSETS[onset], NUCLEI[nucleus], CODAS[coda])
