"""Rules for English numbers that are read digit by digit or in a fixed form, such as telephone numbers and ISBNs."""

from __future__ import annotations

import re

from hierbatch.frontend.english.numbers import say_cardinal, say_digits
from hierbatch.frontend.rules import Rule, rule


def _say_telephone(match: re.Match[str]) -> str:
    groups = [say_digits(group, zero="oh") for group in re.findall(r"\d+", match[0])]
    return ("plus " if match[0].startswith("+") else "") + ", ".join(groups)


_PLURAL_TENS = {
    "07": "oh sevens", "17": "seventeens", "27": "twenty-sevens", "37": "thirty-sevens", "47": "forty-sevens",
    "57": "fifty-sevens", "67": "sixty-sevens", "77": "seventy-sevens", "87": "eighty-sevens",
}  # fmt: skip

SERIAL_RULES: tuple[Rule, ...] = (
    rule("book number", r"\b97[89](?:[- ]\d{1,7}){3}[- ]\d\b|\b97[89]\d{10}\b", lambda m: say_digits(m[0])),
    rule(
        "short book number", r"(?<=ISBN )\d[\d-]{8,12}[\dX]\b", lambda m: say_digits(m[0]) + " X" * m[0].endswith("X")
    ),
    rule(
        "international telephone",
        r"(?<!\w)\+\d{1,3}(?:[ -]?\(0\))?(?:[ -]\d{1,5}){2,5}(?![\w-])",
        lambda m: f"plus {say_digits(m[0])}",
    ),
    rule(
        "freephone number",
        r"(?<![\w.])0(?:800|808|845|870)(?: \d{2,4}){2,3}(?![\w-])",
        lambda m: ", ".join(say_digits(group) for group in m[0].split()),
    ),
    rule("aircraft", r"\b(?P<number>7[0-8]7)s\b", lambda m: f"seven {_PLURAL_TENS[m['number'][1:]]}"),
    rule(
        "toll-free number",
        r"\b1-(?P<hundreds>8|9)00-(?P<name>[A-Z]{3,9})\b",
        lambda m: f"one {say_cardinal(int(m['hundreds']))} hundred {m['name'].lower()}",
    ),
    rule(
        "emergency number",
        r"(?i:\b(?P<verb>call(?:s|ed|ing)?|dial(?:s|l?ed|l?ing)?|phone[sd]?|ring|rang|text)\s)(?P<number>911|999|112|411|311|988)\b"
        r"|\b(?P<noun>911)(?=\s(?:call|operator|dispatcher|center|system)s?\b)",
        lambda m: f"{m['verb']} {say_digits(m['number'])}" if m["verb"] else say_digits(m["noun"]),
    ),
    rule("times in a sum", r"(?<=\d)\s?[x×*]\s?(?=\d[\d.,]*\s?=)", " times "),
    rule("by", r"(?<=\d)\s?[x×]\s?(?=\d)", " by "),
    rule("minus in a sum", r"(?<=\d)\s?[-–]\s?(?=\d+\s?=)", " minus "),
)

TELEPHONE_RULES: tuple[Rule, ...] = (
    rule(
        "telephone",
        r"(?<![\w.])(?:\+\d{1,3}[ -]\d{2,4}(?:[ -]\d{2,4}){2,3}|(?:1[- .])?(?:\(\d{3}\)\s?|\d{3}[-.])\d{3}[-.]\d{4}|"
        r"\d{3}-\d{4})(?![\w-])",
        _say_telephone,
    ),
)
