"""Conversion of IPA spellings to the symbols of the shared table."""

from __future__ import annotations

import unicodedata

from hierbatch.frontend.phonemes import Phones
from hierbatch.frontend.symbols import PHONES, VOWELS

# fmt: off
ENGLISH_REWRITES: dict[str, Phones] = {
    # espeak-ng's en-us phones: the duration model predicts length; r-coloured and syllabic sounds become two symbols.
    "iː": ("i",), "uː": ("u",), "ɑː": ("ɑ",), "ɔː": ("ɔ",), "ɜː": ("ɝ",), "ɜ": ("ɝ",), "oː": ("ɔ",),
    "ɐ": ("ə",), "ᵻ": ("ɪ",), "ɒ": ("ɑ",), "a": ("æ",), "aː": ("ɑ",), "e": ("eɪ",), "o": ("oʊ",), "r": ("ɹ",),
    "ɬ": ("l",), "x": ("k",), "ɔːɹ": ("ɔ", "ɹ"), "oːɹ": ("ɔ", "ɹ"), "ɑːɹ": ("ɑ", "ɹ"), "ɪɹ": ("ɪ", "ɹ"),
    "ʊɹ": ("ʊ", "ɹ"), "ɛɹ": ("ɛ", "ɹ"), "aɪɚ": ("aɪ", "ɚ"), "aɪə": ("aɪ", "ə"), "aʊɚ": ("aʊ", "ɚ"),
    "iə": ("i", "ə"), "eə": ("ɛ", "ə"), "iːː": ("i",), "əl": ("ə", "l"), "n̩": ("ə", "n"), "m̩": ("ə", "m"),
    "l̩": ("ə", "l"), "ɲ": ("n", "j"), "ɑ̃": ("ɑ", "n"), "ɔ̃": ("ɔ", "n"), "œ": ("ʌ",), "y": ("u",),
    "ø": ("ʌ",), "ç": ("h",), "ʀ": ("ɹ",), "ʁ": ("ɹ",), "pf": ("p", "f"), "ts": ("t", "s"),
    # further spellings in dictionaries
    "g": ("ɡ",), "ɫ": ("l",), "ʍ": ("w",), "əʊ": ("oʊ",), "ɪə": ("ɪ", "ə"), "ʊə": ("ʊ", "ə"), "ɜːɹ": ("ɝ",),
    "ɜɹ": ("ɝ",), "ɜːr": ("ɝ",), "ɜr": ("ɝ",),
    "ər": ("ɚ",), "əɹ": ("ɚ",), "ɝɹ": ("ɝ",), "ɚɹ": ("ɚ",), "ʧ": ("tʃ",), "ʤ": ("dʒ",), "ɨ": ("ɪ",), "ʉ": ("u",),
    "ɯ": ("ʊ",), "χ": ("k",), "c": ("k",), "ʎ": ("l", "j"), "β": ("v",), "ɣ": ("ɡ",), "ɕ": ("ʃ",), "ʑ": ("ʒ",),
    "ʋ": ("v",), "ai": ("aɪ",), "au": ("aʊ",), "ei": ("eɪ",), "ou": ("oʊ",), "oi": ("ɔɪ",), "ɔi": ("ɔɪ",), "ɽ": ("ɾ",),
    "ɛ̃": ("ɛ", "n"),
}
KOREAN_REWRITES: dict[str, Phones] = {
    "b": ("p",), "d": ("t",), "g": ("k",), "ɡ": ("k",), "r": ("ɾ",), "ɹ": ("ɾ",), "ɭ": ("l",), "ʎ": ("l",),
    "ɲ": ("n",), "dʑ": ("tɕ",), "ɕ": ("s",), "ɕ͈": ("s͈",), "ʃ": ("s",), "tʃ": ("tɕʰ",), "ʨ": ("tɕ",),
    "ɦ": ("h",), "ç": ("h",), "x": ("h",), "ɸ": ("h",), "β": ("p",), "ɣ": ("k",), "ə": ("ʌ",), "ɨ": ("ɯ",),
    "æ": ("ɛ",), "ø": ("w", "e"), "y": ("w", "i"), "ɥ": ("w",), "ɰi": ("ɰ", "i"), "ɯi": ("ɰ", "i"), "z": ("s",),
    "f": ("pʰ",), "v": ("p",), "pp": ("p͈",), "tt": ("t͈",), "kk": ("k͈",), "ss": ("s͈",),
}
# fmt: on
_REWRITES = {
    language: {unicodedata.normalize("NFD", written): word for written, word in table.items()}
    for language, table in (("en", ENGLISH_REWRITES), ("ko", KOREAN_REWRITES))
}
_TABLE = {unicodedata.normalize("NFD", phone): phone for phone in PHONES}
_NOT_IN_KOREAN = frozenset({"b", "d", "ɡ", "f", "v", "z", "ʃ", "ɹ", "tʃ", "ə", "æ"})
_MAX_CHARACTERS = 4
_STRESS = ("ˈ", "ˌ")
_IGNORED = frozenset("ː.‿͜͡ˑ/[]()ʼ'")


def split_phones(ipa: str, language: str) -> tuple[Phones, tuple[str, ...]]:
    """Split one word of IPA into phones of the table; also return the characters that are not IPA.

    The longest match wins. A stress mark before the syllable, as in dictionaries, moves to its vowel. Korean phones
    carry no stress marks.

    >>> split_phones("həˈloʊ", "en")
    (('h', 'ə', 'l', 'ˈoʊ'), ())
    """
    text = unicodedata.normalize("NFD", ipa.replace("\u0361", "").replace("\u035c", ""))
    phones: list[str] = []
    unknown: list[str] = []
    stress = ""
    while text:
        size, symbols = _longest_match(text, language)
        if text[0] in _STRESS:
            stress = text[0]
        elif symbols:
            for symbol in symbols:
                takes_stress = stress and symbol in VOWELS and language == "en"
                phones.append(stress + symbol if takes_stress else symbol)
                stress = "" if takes_stress else stress
        elif text[0] not in _IGNORED:
            unknown.append(text[0])
        text = text[size:]
    return tuple(phones), tuple(unknown)


def _longest_match(text: str, language: str) -> tuple[int, Phones]:
    for size in range(min(_MAX_CHARACTERS, len(text)), 0, -1):
        written = text[:size]
        if written in _TABLE and not (language == "ko" and written in _NOT_IN_KOREAN):
            return size, (_TABLE[written],)
        if written in _REWRITES[language]:
            return size, _REWRITES[language][written]
    return 1, ()
