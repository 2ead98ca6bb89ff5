"""Rules for Latin letters and isolated jamo in Korean text, which are read by their Korean names."""

from __future__ import annotations

import re

from hierbatch.frontend.korean.loanwords import several_words, single_words
from hierbatch.frontend.korean.numbers import say_sino
from hierbatch.frontend.rules import Rule, one_of, rule

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTER_NAMES = (
    "에이 비 시 디 이 에프 지 에이치 아이 제이 케이 엘 엠 엔 오 피 큐 아르 에스 티 유 브이 더블유 엑스 와이 제트"
)
_NAMES = dict(zip(_LETTERS, _LETTER_NAMES.split(" "), strict=True))
_READ_AS_WORDS = {
    "NASA": "나사", "NATO": "나토", "UNESCO": "유네스코", "UNICEF": "유니세프", "OPEC": "오펙", "AIDS": "에이즈",
    "FIFA": "피파", "COVID": "코비드", "IKEA": "이케아", "ASEAN": "아세안", "SARS": "사스", "OK": "오케이",
    "LEGO": "레고", "3D": "스리디", "2D": "투디", "4D": "포디", "4K": "포케이", "5G": "파이브지", "4G": "포지",
    "MP3": "엠피스리",
    "MP4": "엠피포", "A4": "에이포", "B2B": "비투비", "B2C": "비투시", "K-POP": "케이팝", "K팝": "케이팝",
    "H2O": "에이치투오", "CO2": "시오투", "No.": "넘버 ", "Dr.": "닥터 ", "vs": "대", "vs.": "대",
}  # fmt: skip
_ROMAN = r"X{0,3}(?:IX|IV|V?I{0,3})(?![A-Za-z])"
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}
_PARTS = "장|부|권|편|막|절|세기|화|세(?!계)|급|항|호|형|차|과|단계|악장|번"
_FIRST_SYLLABLE, _N_CODAS = 0xAC00, 28
_CODAS = {"ㄱ": 1, "ㄴ": 4, "ㄷ": 7, "ㄹ": 8, "ㅁ": 16, "ㅂ": 17, "ㅅ": 19, "ㅇ": 21}
_JAMO = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㄲㄸㅃㅆㅉㅏㅑㅓㅕㅗㅛㅜㅠㅡㅣㅐㅔ"
_CONSONANT_NAMES = (
    "기역 니은 디귿 리을 미음 비읍 시옷 이응 지읒 치읓 키읔 티읕 피읖 히읗 쌍기역 쌍디귿 쌍비읍 쌍시옷 쌍지읒"
)
_VOWEL_NAMES = "아 야 어 여 오 요 우 유 으 이 애 에"
_JAMO_NAMES = dict(zip(_JAMO, f"{_CONSONANT_NAMES} {_VOWEL_NAMES}".split(" "), strict=True))


def say_letters(letters: str) -> str:
    """Spell Latin letters by their Korean names, written as one word.

    >>> say_letters("KBS")
    '케이비에스'
    """
    return "".join(_NAMES[letter.upper()] for letter in letters if letter.isalpha())


def _say_code(match: re.Match[str]) -> str:
    figures = f" {say_sino(int(match['figures']))}" if match["figures"] else ""
    return say_letters(match["letters"]) + figures


def _say_coda(match: re.Match[str]) -> str:
    """Attach an isolated consonant, as written between two words in older books, as a coda: 회ㅅ배 becomes 횟배."""
    code = ord(match["syllable"])
    is_open = (code - _FIRST_SYLLABLE) % _N_CODAS == 0
    return chr(code + _CODAS[match["coda"]]) if is_open else match["syllable"]


def _say_roman(match: re.Match[str]) -> str:
    return f"{say_sino(_roman_value(match['roman']))}{match['gap']}"


def _roman_value(numeral: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(
        -value if any(later > value for later in values[i + 1 : i + 2]) else value for i, value in enumerate(values)
    )


KOREAN_LETTER_RULES: tuple[Rule, ...] = (
    rule(
        "Roman number of a part",
        rf"(?<![A-Za-z])(?P<roman>(?=[IVX]){_ROMAN})(?P<gap>)(?=\s?(?:{_PARTS})(?![가-힣]*[A-Za-z]))",
        lambda match: f"{_say_roman(match)} ",
    ),
    rule("Roman number of a heading", rf"^(?P<roman>(?=[IVX]){_ROMAN})(?P<gap>)(?=\.(?:\s|$))", _say_roman),
    rule(
        "names of several words",
        rf"(?<![A-Za-z])(?:{one_of(several_words())})(?![A-Za-z])",
        lambda match: several_words()[match[0].lower()],
        ignore_case=True,
    ),
    rule("laughter", r"ㅋ+|ㅎ+", lambda match: ("크" if match[0][0] == "ㅋ" else "흐") * min(len(match[0]), 3)),
    rule("weeping", r"[ㅠㅜㅡ]{2,}", " "),
    rule("coda set apart", rf"(?P<syllable>[가-힣])(?P<coda>[{''.join(_CODAS)}])(?=[가-힣])", _say_coda),
    rule("jamo", rf"[{_JAMO}]", lambda match: _JAMO_NAMES[match[0]]),
    rule(
        "read as a word",
        rf"(?<![A-Za-z\d])(?P<word>{one_of(_READ_AS_WORDS)})(?![A-Za-z\d])",
        lambda match: _READ_AS_WORDS[match["word"]],
    ),
    rule("and", r"(?<=[A-Z])\s?&\s?(?=[A-Z])", "앤"),
    rule("dotted letters", r"(?<![A-Za-z])(?:[A-Za-z]\.){2,}", lambda match: say_letters(match[0])),
    rule(
        "code",
        r"(?<![A-Za-z])(?P<letters>[A-Z]{1,6})-?(?P<figures>\d{1,4})(?![\d,.:]|\s?[가-힣]*[년월일시분])",
        _say_code,
    ),
    rule("letters", r"(?<![A-Za-z])[A-Z]{1,6}(?=s?(?![A-Za-z']))", lambda match: say_letters(match[0])),
    rule("plural", r"(?<=[가-힣])s(?![A-Za-z'])", "즈"),
    rule(
        "loanword",
        rf"(?<![A-Za-z'])(?P<word>{one_of(single_words())})(?![A-Za-z'])",
        lambda match: single_words()[match["word"].lower()],
        ignore_case=True,
    ),
    rule("letter", r"(?<![A-Za-z'.])[a-z](?![A-Za-z'])", lambda match: say_letters(match[0])),
)
