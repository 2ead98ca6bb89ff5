"""Conversion of English words in Korean text to Hangul, as Koreans write and pronounce them.

Established loanwords come from a short list. All others are derived from the word's phones by the rules of the Loanword
Orthography for English (외래어 표기법, chapter 3, section 1).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from hierbatch.frontend.phonemes import Phones, split_stress
from hierbatch.frontend.symbols import VOWELS
from hierbatch.frontend.tables import read_lines

_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_NUCLEI = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_CODAS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_CONSONANTS = {
    "p": "ㅍ", "t": "ㅌ", "k": "ㅋ", "b": "ㅂ", "d": "ㄷ", "ɡ": "ㄱ", "f": "ㅍ", "v": "ㅂ", "θ": "ㅅ", "ð": "ㄷ",
    "s": "ㅅ", "z": "ㅈ", "ʃ": "ㅅ", "ʒ": "ㅈ", "tʃ": "ㅊ", "dʒ": "ㅈ", "m": "ㅁ", "n": "ㄴ", "l": "ㄹ", "ɹ": "ㄹ",
    "h": "ㅎ", "ɾ": "ㅌ", "ʔ": "ㅌ",
}  # fmt: skip
_CLOSING = {"p": "ㅂ", "t": "ㅅ", "k": "ㄱ", "m": "ㅁ", "n": "ㄴ", "ŋ": "ㅇ", "l": "ㄹ"}
_VOWEL_LETTERS = {
    "i": "ㅣ", "ɪ": "ㅣ", "u": "ㅜ", "ʊ": "ㅜ", "ʌ": "ㅓ", "ə": "ㅓ", "ɚ": "ㅓ", "ɝ": "ㅓ", "ɛ": "ㅔ", "æ": "ㅐ",
    "ɑ": "ㅏ", "ɔ": "ㅗ", "oʊ": "ㅗ", "eɪ": "ㅔㅣ", "aɪ": "ㅏㅣ", "aʊ": "ㅏㅜ", "ɔɪ": "ㅗㅣ",
}  # fmt: skip
_AFTER_J = {"ㅏ": "ㅑ", "ㅐ": "ㅒ", "ㅓ": "ㅕ", "ㅔ": "ㅖ", "ㅗ": "ㅛ", "ㅜ": "ㅠ", "ㅣ": "ㅣ"}
_AFTER_W = {"ㅏ": "ㅘ", "ㅐ": "ㅙ", "ㅓ": "ㅝ", "ㅔ": "ㅞ", "ㅗ": "ㅝ", "ㅜ": "ㅜ", "ㅣ": "ㅟ"}
_FILLER = {"ʃ": "ㅣ", "ʒ": "ㅣ", "tʃ": "ㅣ", "dʒ": "ㅣ"}
_SHORT_VOWELS = frozenset({"ɪ", "ʊ", "ʌ", "ə", "ɛ", "æ", "ɑ"})
_SONORANTS = frozenset({"m", "n", "l", "ɹ"})


class Loanwords:
    """Converter of English words to Hangul, by a table or else from the phones of an English phonemizer."""

    def __init__(self, phonemizer: Callable[[], Callable[[Sequence[str]], list[Phones]]]) -> None:
        self._load = functools.cache(phonemizer)
        self._transcribe = functools.lru_cache(maxsize=20_000)(self._transcribe_phones)

    def __call__(self, word: str) -> str:
        """Convert a word in Latin letters to Hangul."""
        return _established().get(word.lower()) or self._transcribe(word.lower())

    def _transcribe_phones(self, word: str) -> str:
        return phones_to_hangul(self._load()([word])[0], word)


def phones_to_hangul(phones: Phones, spelling: str) -> str:
    """Convert the phones of an English word to Hangul; the spelling determines the letters of reduced vowels.

    >>> phones_to_hangul(("s", "t", "ˈaɪ", "l"), "style"), phones_to_hangul(("ɡ", "ˈeɪ", "m"), "game")
    ('스타일', '게임')
    """
    bare = [split_stress(phone)[0] for phone in phones]
    syllables: list[list[str]] = []  # onset, nucleus, coda
    glide = ""
    for index, phone in enumerate(bare):
        before = bare[index - 1] if index else ""
        after = bare[index + 1] if index + 1 < len(bare) else ""
        if phone in VOWELS:
            _add_vowel(syllables, _vowel_letters(phone, after, spelling), glide)
            glide = ""
        elif phone in ("j", "w"):
            glide = phone
            if phone == "w" and syllables and not syllables[-1][1] and before not in ("k", "ɡ", "h"):
                syllables[-1][1] = "ㅡ"
        else:
            _add_consonant(syllables, phone, before, after)
    return "".join(_compose(*syllable) for syllable in syllables)


def _vowel_letters(phone: str, after: str, spelling: str) -> str:
    if phone == "ə" and after == "l":
        return "ㅡ"
    if phone == "ɑ" and "o" in spelling and "a" not in spelling:
        return "ㅗ"
    if phone == "ə" and not after and spelling.endswith("a"):
        return "ㅏ"
    return _VOWEL_LETTERS.get(phone, "ㅓ")


def _add_vowel(syllables: list[list[str]], letters: str, glide: str) -> None:
    first = {"j": _AFTER_J, "w": _AFTER_W}.get(glide, {}).get(letters[0], letters[0])
    if syllables and not syllables[-1][1]:
        onset_is_sh = syllables[-1][2] == "ʃ"
        syllables[-1][1:] = [_AFTER_J.get(first, first) if onset_is_sh else first, ""]
    else:
        syllables.append(["ㅇ", first, ""])
    syllables.extend(["ㅇ", letter, ""] for letter in letters[1:])


def _add_consonant(syllables: list[list[str]], phone: str, before: str, after: str) -> None:
    """Add a consonant: as an onset before a vowel or glide, otherwise as a coda or with a filler vowel."""
    is_onset = after in VOWELS or after in ("j", "w")
    open_before = bool(syllables) and bool(syllables[-1][1]) and not syllables[-1][2]
    if phone == "ɹ" and not is_onset:
        return
    if phone == "l" and is_onset and syllables and before not in ("m", "n"):
        if open_before:
            syllables[-1][2] = "ㄹ"
        syllables.append(["ㄹ", "", ""])
    elif is_onset and phone != "ŋ":
        syllables.append([_CONSONANTS[phone], "", "ʃ" if phone == "ʃ" else ""])
    elif phone in _CLOSING and open_before and _closes(phone, before, after):
        syllables[-1][2] = _CLOSING[phone]
    elif phone in _CONSONANTS:
        filler = "ㅠ" if phone == "ʃ" and after else _FILLER.get(phone, "ㅡ")
        syllables.append([_CONSONANTS[phone], filler, "ㄹ" if phone == "l" else ""])


def _closes(phone: str, before: str, after: str) -> bool:
    if phone not in ("p", "t", "k"):
        return True
    return before in _SHORT_VOWELS and after not in _SONORANTS


def _compose(onset: str, nucleus: str, coda: str) -> str:
    index = (_ONSETS.index(onset) * len(_NUCLEI) + _NUCLEI.index(nucleus or "ㅡ")) * len(_CODAS)
    return chr(0xAC00 + index + (_CODAS.index(coda) if coda and coda in _CODAS else 0))


@functools.cache
def several_words() -> dict[str, str]:
    """Return the established loanwords that have a space, hyphen or digit: lower-case form to Hangul."""
    return {word: hangul for word, hangul in _established().items() if not word.isalpha()}


@functools.cache
def single_words() -> dict[str, str]:
    """Return the established loanwords that are a single word: lower-case form to Hangul."""
    return {word: hangul for word, hangul in _established().items() if word.isalpha() and len(word) > 1}


def has_established_form(word: str) -> bool:
    """True if the table has the Korean form of an English word; otherwise rules derive it from the word's phones."""
    return word.lower() in _established()


@functools.cache
def _established() -> dict[str, str]:
    return dict(line.split("\t") for line in read_lines("korean/loanwords.tsv"))
