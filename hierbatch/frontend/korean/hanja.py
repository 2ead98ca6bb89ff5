"""Rules for Hanja: those that gloss a Hangul word are dropped, others are converted to their Hangul reading.

Readings follow KS X 1001; the initial sound law (두음법칙) and 열/율 follow the Hangul Orthography of 1988,
articles 10-12.
"""

from __future__ import annotations

import functools

from hierbatch.frontend.rules import Rule, rule
from hierbatch.frontend.tables import read_lines

_HANJA = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_FIRST_SYLLABLE, _SYLLABLES_AN_ONSET, _CODAS = 0xAC00, 588, 28
_N, _R, _SILENT = 2, 5, 11
_NARROW_VOWELS = frozenset({2, 3, 6, 7, 12, 17, 20})  # ㅑ ㅒ ㅕ ㅖ ㅛ ㅠ ㅣ
_FIGURES = str.maketrans("〇零一二三四五六七八九", "00123456789")
_TITLES = (
    "과장|부장|차장|대리|사장|회장|이사|상무|전무|팀장|국장|실장|원장|반장|선생|씨|군|양|박사|교수|의원|장관|총리|대통령|기자|"
    "변호사|판사|검사|형사|감독|선수|작가|화백|여사|옹"
)
_MONTHS = {"육월": "유월", "십월": "시월"}

HANJA_RULES: tuple[Rule, ...] = (
    rule("gloss", rf"(?<=[가-힣ㄱ-ㅣ])\s?[(\[][\s{_HANJA},·]+[}}\])]+", ""),
    rule("gloss and years", rf"(?<=[가-힣])\s?\([{_HANJA}]+\s?[:;,·-]?\s?[\d~–.,?\s-]*\)", ""),
    rule("gloss and note", rf"(?<=[가-힣])\s?\([{_HANJA}]+\s?[:,-]\s?", "("),
    rule("reading beside", rf"[{_HANJA}]+\s?\((?P<reading>[가-힣]+)\)", r"\g<reading>"),
    rule("figures", r"(?<![一-鿿])[〇零一二三四五六七八九]{3,}(?=[年回號號번]|\b)", lambda m: m[0].translate(_FIGURES)),
    rule("year after figures", r"(?<=\d)\s?年", "년"),
    rule("surname", rf"(?<![{_HANJA}가-힣])金(?=\s?(?:{_TITLES}))", "김"),
    rule(
        "run",
        rf"(?P<before>[가-힣]?)(?P<hanja>[{_HANJA}]+)",
        lambda m: m["before"] + _read_run(m["hanja"], m["before"]),
    ),
)


def _read_run(hanja: str, before: str) -> str:
    """Convert a run of Hanja to Hangul; `before` is the preceding Hangul syllable, if any."""
    read, index = before, 0
    while index < len(hanja):
        word = next((word for word in _words() if hanja.startswith(word, index)), "")
        if word:
            read += _words()[word]
        else:
            following = _reading(hanja[index + 1]) if index + 1 < len(hanja) else ""
            read += _syllable_in_context(hanja[index], _reading(hanja[index]), read[-1:], following)
        index += len(word) or 1
    read = read[len(before) :]
    return _MONTHS.get(read, read)


@functools.cache
def _words() -> dict[str, str]:
    return dict(line.split("\t") for line in read_lines("korean/hanja_words.tsv"))


def _syllable_in_context(character: str, syllable: str, before: str, following: str) -> str:
    if not syllable:
        return ""
    if character == "不":
        return "부" if following and _onset(following) in {3, 12} else "불"  # before ㄷ or ㅈ
    if not before:
        return _initial_sound(syllable)
    if syllable in {"렬", "률"} and _coda(before) in {0, 4}:
        return _initial_sound(syllable)
    return syllable


def _initial_sound(syllable: str) -> str:
    """Apply the initial sound law to the first syllable of a word: 녀 to 여, 력 to 역, 로 to 노."""
    onset, rest = divmod(ord(syllable) - _FIRST_SYLLABLE, _SYLLABLES_AN_ONSET)
    is_narrow = rest // _CODAS in _NARROW_VOWELS
    if onset == _R:
        onset = _SILENT if is_narrow else _N
    elif onset == _N and is_narrow:
        onset = _SILENT
    return chr(_FIRST_SYLLABLE + onset * _SYLLABLES_AN_ONSET + rest)


def _onset(syllable: str) -> int:
    return (ord(syllable) - _FIRST_SYLLABLE) // _SYLLABLES_AN_ONSET


def _coda(syllable: str) -> int:
    return (ord(syllable) - _FIRST_SYLLABLE) % _CODAS


@functools.cache
def _readings() -> dict[str, str]:
    pairs = (line.split(" ", 1) for line in read_lines("korean/hanja_readings.txt"))
    return {character: reading for reading, characters in pairs for character in characters}


def _reading(character: str) -> str:
    """Usual reading of a Hanja character; empty for a character outside KS X 1001, which is dropped."""
    return _readings().get(character, "")
