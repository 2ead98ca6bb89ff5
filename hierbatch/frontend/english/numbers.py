"""English number words: cardinals, ordinals, years, digits, decimals, Roman numerals.

Numbers have American forms: no "and" inside a number, "oh" for the zero of a year or telephone number.
"""

from __future__ import annotations

import functools
import re

_MAX_DIGITS_AS_NUMBER = 15
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ROMAN = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})", re.IGNORECASE)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_SPECIAL_DENOMINATORS = {2: "half", 4: "quarter"}

VULGAR_FRACTIONS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5), "⅗": (3, 5),
    "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8), "⅞": (7, 8),
    "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip


@functools.lru_cache(maxsize=10_000)
def say_cardinal(value: int) -> str:
    """Cardinal number in words.

    >>> say_cardinal(1234)
    'one thousand two hundred thirty-four'
    """
    if value < 0:
        return f"minus {say_cardinal(-value)}"
    from num2words import num2words  # all its languages, which a text without numbers does not need

    return _american(str(num2words(value)))


def say_ordinal(value: int) -> str:
    """Ordinal number in words.

    >>> say_ordinal(121)
    'one hundred twenty-first'
    """
    from num2words import num2words

    return _american(str(num2words(value, to="ordinal")))


def say_year(year: int) -> str:
    """Year in words.

    >>> say_year(1999), say_year(2007), say_year(1905), say_year(1800), say_year(2024)
    ('nineteen ninety-nine', 'two thousand seven', 'nineteen oh five', 'eighteen hundred', 'twenty twenty-four')
    """
    century, rest = divmod(year, 100)
    if year < 1000 or (century % 10 == 0 and rest < 10):
        return say_cardinal(year)
    if rest == 0:
        return f"{say_cardinal(century)} hundred"
    return f"{say_cardinal(century)} {say_two_digits(rest)}"


def say_two_digits(value: int) -> str:
    """Last two digits of a year, or minutes of a time: 5 is "oh five"."""
    return f"oh {_DIGITS[value]}" if value < 10 else say_cardinal(value)


def say_digits(digits: str, *, zero: str = "zero") -> str:
    """Digits read one by one.

    >>> say_digits("107", zero="oh")
    'one oh seven'
    """
    return " ".join(zero if digit == "0" else _DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def say_number(written: str) -> str:
    """Written number in words, with optional sign, thousands separators and decimals.

    >>> say_number("-1,250.05")
    'minus one thousand two hundred fifty point zero five'
    """
    sign = {"-": "minus ", "+": "plus "}.get(written[:1], "")
    whole, _, decimals = written.lstrip("+-").replace(",", "").partition(".")
    if len(whole) > _MAX_DIGITS_AS_NUMBER or (len(whole) > 1 and whole[0] == "0"):
        words = say_digits(whole)
    else:
        words = say_cardinal(int(whole)) if whole else ""
    if decimals:
        words = f"{words} point {say_digits(decimals)}".strip()
    return sign + words


def say_fraction(numerator: int, denominator: int) -> str:
    """Simple fraction in words.

    >>> say_fraction(1, 2), say_fraction(3, 4), say_fraction(5, 16)
    ('one half', 'three quarters', 'five sixteenths')
    """
    unit = _SPECIAL_DENOMINATORS.get(denominator) or say_ordinal(denominator)
    if numerator != 1:
        unit = "halves" if denominator == 2 else unit + "s"
    return f"{say_cardinal(numerator)} {unit}"


def say_decade(year: int) -> str:
    """Decade or century in words, as a plural.

    >>> say_decade(1980), say_decade(80), say_decade(1800)
    ('nineteen eighties', 'eighties', 'eighteen hundreds')
    """
    words = say_year(year) if year >= 1000 else say_cardinal(year)
    return words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")


def roman_value(numeral: str) -> int | None:
    """Value of a well-formed Roman numeral in upper or lower case; None for anything else.

    >>> roman_value("XIV"), roman_value("IIX")
    (14, None)
    """
    if not numeral or not _ROMAN.fullmatch(numeral):
        return None
    values = [_ROMAN_VALUES[letter] for letter in numeral.upper()]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def _american(words: str) -> str:
    return words.replace(",", "").replace(" and ", " ")
