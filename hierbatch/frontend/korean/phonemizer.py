"""Korean grapheme-to-phoneme conversion: standard pronunciation in Hangul, then phones of the shared table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from hierbatch.frontend.english.phonemizer import EnglishPhonemizer
from hierbatch.frontend.korean.loanwords import Loanwords
from hierbatch.frontend.korean.pronunciation import pronounce_words
from hierbatch.frontend.phonemes import Phones

_SYLLABLES_FROM, _SYLLABLES_TO = 0xAC00, 0xD7A3
_N_VOWELS, _N_CODAS = 21, 28
Pronouncer = Callable[[Sequence[str]], list[str]]
"""Function from the words of a phrase to their pronunciation, written in Hangul."""

_LATIN = re.compile(r"[A-Za-zÀ-ɏ']+")
_NOT_HANGUL = re.compile(r"[^가-힣]")

# In Unicode order of leading consonants, vowels and trailing consonants (Unicode 15, section 3.12).
# fmt: off
_ONSETS = ("k", "k͈", "n", "t", "t͈", "ɾ", "m", "p", "p͈", "s", "s͈", "", "tɕ", "tɕ͈", "tɕʰ", "kʰ", "tʰ", "pʰ", "h")
_NUCLEI: tuple[Phones, ...] = (
    ("a",), ("ɛ",), ("j", "a"), ("j", "ɛ"), ("ʌ",), ("e",), ("j", "ʌ"), ("j", "e"), ("o",), ("w", "a"), ("w", "ɛ"),
    ("w", "e"), ("j", "o"), ("u",), ("w", "ʌ"), ("w", "e"), ("w", "i"), ("j", "u"), ("ɯ",), ("ɰ", "i"), ("i",),
)
_CODAS = (
    "", "k̚", "k̚", "k̚", "n", "n", "n", "t̚", "l", "k̚", "m", "l", "l", "l", "p̚", "l", "m", "p̚", "p̚", "t̚", "t̚", "ŋ",
    "t̚", "t̚", "k̚", "t̚", "p̚", "t̚",
)
# fmt: on


class KoreanPhonemizer:
    """Phonemizer of the words of one clause; sound changes apply across spaces, as in speech.

    Latin words are read as loanwords.
    """

    def __init__(self, pronounce: Pronouncer = pronounce_words) -> None:
        self._pronounce = pronounce
        self._loanword = Loanwords(EnglishPhonemizer)

    def __call__(self, words: Sequence[str]) -> list[Phones]:
        """Phones of each word, one entry per word; empty for a word without pronunciation."""
        hangul = [_NOT_HANGUL.sub("", _LATIN.sub(lambda found: self._loanword(found[0]), word)) for word in words]
        pronounced = iter(self._pronounce([word for word in hangul if word]))
        phones: list[Phones] = []
        before = ""
        for word in hangul:
            phones.append(syllables_to_phones(next(pronounced), before) if word else ())
            before = phones[-1][-1] if phones[-1] else ""
        return phones


def syllables_to_phones(word: str, before: str = "") -> Phones:
    """Phones of Hangul syllables that are spelled as pronounced; other characters are skipped.

    Args:
        word: syllables of a word.
        before: last phone of the previous word.

    >>> syllables_to_phones("밥")
    ('p', 'a', 'p̚')
    """
    phones: list[str] = []
    for character in word:
        code = ord(character)
        if not _SYLLABLES_FROM <= code <= _SYLLABLES_TO:
            continue
        onset, rest = divmod(code - _SYLLABLES_FROM, _N_VOWELS * _N_CODAS)
        nucleus, coda = divmod(rest, _N_CODAS)
        if onset == 5 and (phones[-1] if phones else before) == "l":
            phones.append("l")  # a doubled liquid is [ll], not [lɾ]
        elif _ONSETS[onset]:
            phones.append(_ONSETS[onset])
        phones.extend(_NUCLEI[nucleus])
        if _CODAS[coda]:
            phones.append(_CODAS[coda])
    return tuple(phones)
