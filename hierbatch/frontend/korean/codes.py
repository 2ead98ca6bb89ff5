"""Rules for telephone, account, card and registration numbers in Korean, read digit by digit, and for subtractions."""

from __future__ import annotations

import re

from hierbatch.frontend.korean.numbers import say_digits, say_number
from hierbatch.frontend.rules import Rule, rule

_NUMBER_NAMES = "계좌|카드|주민|등록|우편|비밀|인증|사업자|여권|송장|예금|회원|면허|접수|운송장|통장"


def _say_telephone(match: re.Match[str]) -> str:
    followed_by_unit = match.string.startswith("번", match.end())
    return f"{_say_groups(match[0])}{' ' if followed_by_unit else ''}"


def _say_groups(code: str) -> str:
    return " ".join(say_digits(group) for group in re.findall(r"\d+", code))


CODE_RULES: tuple[Rule, ...] = (
    rule(
        "telephone",
        r"(?<![\d-])(?:\+\d{1,3}[- ])?\(?0\d{1,2}\)?[- ]\d{3,4}-\d{4}(?!\d)|(?<![\d-])1[5-9]\d\d-\d{4}(?!\d)",
        _say_telephone,
    ),
    rule("registration", r"(?<![\d-])\d{6}-[0-8]\d{6}(?![\d-])", _say_telephone),
    rule("account", r"(?<![\d.,-])\d{2,6}(?:-\d{2,8}){2,4}(?![\d-])", _say_telephone),
    rule("card", r"(?<![\d-])\d{4}(?: \d{4}){3}(?![\d-])", _say_telephone),
    rule(
        "named code",
        rf"(?P<name>(?:{_NUMBER_NAMES})(?:등록)?\s?번호(?:는|가|은|\s?:)?\s?)"
        r"(?P<code>\d{4,}(?:[- ]\d{2,})*)(?!\d|,\d)",
        lambda match: match["name"] + _say_groups(match["code"]),
    ),
    rule(
        "difference",
        r"(?<![\d.~-])\d+(?:\.\d+)?(?:\s?-\s?\d+(?:\.\d+)?)+(?=\s?=|[은는]\s-?\d)",
        lambda match: " 빼기 ".join(say_number(part) for part in re.split(r"\s?-\s?", match[0])),
    ),
)
"""Rules for numbers used as codes; they follow the rules for dates and times."""
