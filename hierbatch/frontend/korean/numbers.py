"""Korean number words: Sino-Korean, native, digit by digit."""

from __future__ import annotations

import re

_DIGITS = "영일이삼사오육칠팔구"
_NATIVE_UNITS = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_MAX_DIGITS_AS_NUMBER = 16
_SCALE_VALUES = {"십": 10, "백": 100, "천": 1000, "만": 10**4, "억": 10**8, "조": 10**12}
_MIXED_GROUP = re.compile(r"([\d,]+)?\s?([십백천]?)([만억조]?)")
_APPROXIMATE_NATIVE = {
    1: "한두",
    2: "두세",
    3: "서너",
    4: "네댓",
    5: "대여섯",
    6: "예닐곱",
    7: "일고여덟",
    8: "여덟아홉",
}


def say_sino(value: int) -> str:
    """Sino-Korean number in words, with a space after each 만.

    >>> say_sino(12345), say_sino(0), say_sino(16)
    ('만 이천삼백사십오', '영', '십육')
    """
    if value >= 10**_MAX_DIGITS_AS_NUMBER:
        return say_digits(str(value), zero="영")
    from num2words import num2words  # all its languages, which a text without numbers does not need

    return str(num2words(value, lang="ko"))


def say_native(value: int) -> str:
    """Native number in words, as before a counter; from 100, only a last part below 10 is native.

    >>> say_native(3), say_native(20), say_native(21), say_native(99), say_native(101)
    ('세', '스무', '스물한', '아흔아홉', '백한')
    """
    hundreds, rest = divmod(value, 100)
    if rest == 20:
        words = "스무"
    else:
        words = _NATIVE_TENS[rest // 10] + _NATIVE_UNITS[rest % 10]
    if not hundreds:
        return words or "영"
    return say_sino(hundreds * 100) + words if rest < 10 else say_sino(value)


def say_digits(digits: str, *, zero: str = "공") -> str:
    """Digits read one by one, written as one word.

    >>> say_digits("010")
    '공일공'
    """
    return "".join(zero if digit == "0" else _DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def say_number(written: str) -> str:
    """Written number in Sino-Korean words, with optional sign, separators and decimals.

    >>> say_number("3.14"), say_number("-1,200")
    ('삼 점 일사', '마이너스 천이백')
    """
    sign = {"-": "마이너스 ", "+": "플러스 "}.get(written[:1], "")
    whole, _, decimals = written.lstrip("+-").replace(",", "").partition(".")
    is_code = len(whole) > _MAX_DIGITS_AS_NUMBER or (len(whole) > 1 and whole[0] == "0")
    words = say_digits(whole) if is_code else say_sino(int(whole or 0))
    return sign + (f"{words} 점 {say_digits(decimals, zero='영')}" if decimals else words)


def mixed_value(written: str) -> int:
    """Value of a number written in digits mixed with 십, 백, 천, 만, 억 and 조.

    >>> mixed_value("1억 2,000만"), mixed_value("3만 5천")
    (120000000, 35000)
    """
    total = group = 0
    for figures, small, large in _MIXED_GROUP.findall(written):
        if not (figures or small or large):
            continue
        count = int(figures.replace(",", "")) if figures else 1
        group += count * _SCALE_VALUES.get(small, 1) if figures or small else 0
        if large:
            total += (group or 1) * _SCALE_VALUES[large]
            group = 0
    return total + group


def say_approximately(low: int, *, native: bool) -> str | None:
    """Word for `low` or `low + 1`, both below ten (3~4 is 서너, 7~8 is 칠팔); None if there is no such word.

    >>> say_approximately(3, native=True), say_approximately(7, native=False)
    ('서너', '칠팔')
    """
    if native:
        return _APPROXIMATE_NATIVE.get(low)
    return _DIGITS[low] + _DIGITS[low + 1] if 0 < low < 9 else None
