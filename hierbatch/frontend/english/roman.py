"""Rules for Roman numerals in English, recognized by context.

They read "Chapter IV", "Henry VIII", "World War II", and a heading that is a numeral alone, but not the pronoun I, nor
words that only look like numerals ("MIX", "CD", "DIM").
"""

from __future__ import annotations

import re

from hierbatch.frontend.english.numbers import roman_value, say_cardinal, say_ordinal
from hierbatch.frontend.rules import Rule, rule
from hierbatch.frontend.tables import read_words

_DIVISIONS = (
    "chapter|book|part|act|scene|volume|vol\\.|section|canto|stave|article|appendix|number|no\\.|phase|type|class|"
    "world war|title|psalm|lesson|figure|fig\\.|table|plate|verse|letter|page|pages|p\\.|pp\\.|stage|level|grade|"
    "schedule|exhibit|division|mark|mk\\.?|super bowl|amendment|olympiad|cantos|chapters|books|parts|volumes|acts|"
    "sections|chap\\.|chaps\\.|ch\\.|vols\\.|bk\\.|pt\\.|sec\\.|art\\.|episode|step|item|note|case|adventure|problem"
)
_DIVISION_NAMES = {
    "p.": "page", "pp.": "pages", "vol.": "volume", "vols.": "volumes", "ch.": "chapter", "chap.": "chapter",
    "chaps.": "chapters", "bk.": "book", "pt.": "part", "sec.": "section", "art.": "article", "fig.": "figure",
    "no.": "number", "mk.": "mark",
}  # fmt: skip
_NUMERAL = r"[IVXLCDM]+"
_DETERMINERS = frozenset({"A", "An", "The", "This", "That", "His", "Her", "My", "Our", "Their", "Your", "No", "Each"})
_LETTER_NAMES = frozenset({("Malcolm", "X")})
_MIN_LARGE_NUMERAL = 4
_INITIAL = re.compile(r"\s[\"']?[A-Z]\.")
_ENDS_A_SENTENCE = re.compile(r"[.!?][\"')]*$")


def _say_division(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    if value is None:
        return match[0]
    division = match["division"]
    if full := _DIVISION_NAMES.get(division.lower()):
        division = full.capitalize() if division[0].isupper() else full
    words = f"{division} {say_cardinal(value)}"
    last = roman_value(match["last"] or "")
    return f"{words} to {say_cardinal(last)}" if last else words


def _say_ruler(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    is_letter = (match["name"], match["numeral"]) in _LETTER_NAMES
    if value is None or is_letter or match["name"].capitalize() not in read_words("english/rulers.txt"):
        return match[0]
    return f"{match['name']} the {say_ordinal(value)}"


def _say_heading(match: re.Match[str]) -> str:
    numeral, rest = match["numeral"], match.string[match.end() :]
    value = roman_value(numeral)
    if value is None or not _is_heading_numeral(numeral, rest):
        return match[0]
    return f"{say_cardinal(value)}{match['rest'] or '.'}"


def _is_heading_numeral(numeral: str, rest: str) -> bool:
    """True if a numeral can number a heading: no initial ("C. S. Lewis", "I. Newton sat."), no rare numeral ("CD")."""
    if len(numeral) < _MIN_LARGE_NUMERAL and set("DM").intersection(numeral):
        return False
    if len(numeral) > 1 or not rest:
        return numeral not in "LC"
    return numeral in "IVX" and not _INITIAL.match(rest) and not _ENDS_A_SENTENCE.search(rest)


def _say_century(match: re.Match[str]) -> str:
    values = [roman_value(numeral) for numeral in (match["numeral"], match["last"] or "I")]
    if None in values:
        return match[0]
    first, last = (say_ordinal(value) for value in values if value)
    return f"{first} to {last}" if match["last"] else first


def _say_after_name(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    if value is None or match["first"] in _DETERMINERS:
        return match[0]
    is_person = match["first"].capitalize() in read_words("english/rulers.txt") and match["second"]
    words = f"the {say_ordinal(value)}" if is_person else say_cardinal(value)
    return f"{match['first']}{match['second'] or ''} {words}"


def _say_listed(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    return match[0] if value is None else f"{say_cardinal(value)}, "


ROMAN_RULES: tuple[Rule, ...] = (
    rule("heading", rf"^(?P<numeral>{_NUMERAL})(?P<rest>[.:]?$|[.:](?=\s[\"']?[A-Z]))", _say_heading),
    rule(
        "division",
        rf"(?<!question )(?i:\b(?P<division>{_DIVISIONS}))\s(?P<numeral>{_NUMERAL}|[ivxl]+)\b"
        r"(?:\s?[-–]\s?(?P<last>[IVXLC]+|[ivxl]+)\b)?(?!'[a-z])",
        _say_division,
    ),
    rule(
        "century",
        r"\b(?P<numeral>[IVX]+)(?:[-–](?P<last>[IVX]+))?(?:th|st|nd|rd)?(?=\s(?:centur(?:y|ies)|dynasty)\b)",
        _say_century,
    ),
    rule("ruler", r"\b(?P<name>[A-Z][A-Za-z]+)\s(?P<numeral>[IVX]{2,}|[VX])\b", _say_ruler),
    rule(
        "first ruler",
        r"(?:(?<=King )|(?<=Pope )|(?<=Tsar )|(?<=Czar )|(?<=Queen )|(?<=Emperor ))"
        r"(?P<name>[A-Z][a-z]+)\s(?P<numeral>I)(?!'(?:m|ll|d|ve))\b",
        _say_ruler,
    ),
    rule("first of a name", r"\b(?P<name>[A-Z][a-z]+)\s(?P<numeral>I)(?='s|\sof\b|[.,;:!?)]|$)", _say_ruler),
    rule(
        "after a name",
        r"\b(?P<first>[A-Z][A-Za-z]+)(?P<second>\s[A-Z][A-Za-z]+)?\s(?P<numeral>[IVX]{2,}|XL[IVX]*)\b",
        _say_after_name,
    ),
    rule("list mark", r"\((?P<numeral>[ivx]+)\)\s?", _say_listed),
)
