"""Roman numerals in English, recognised by context.

"Chapter IV", "Henry VIII", "World War II", and a heading that consists of a numeral; never the pronoun I, nor words
that only look like numerals ("MIX", "CD", "DIM").
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
    "sections|episode|step|item|note|case|adventure|problem"
)
_NUMERAL = r"[IVXLCDM]+"


def _say_division(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    if value is None:
        return match[0]
    division = {"p.": "page", "pp.": "pages"}.get(match["division"], match["division"])
    words = f"{division} {say_cardinal(value)}"
    last = roman_value(match["last"] or "")
    return f"{words} to {say_cardinal(last)}" if last else words


def _say_ruler(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    if value is None or match["name"].capitalize() not in read_words("english/rulers.txt"):
        return match[0]
    return f"{match['name']} the {say_ordinal(value)}"


def _say_heading(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    return match[0] if value is None else f"{say_cardinal(value)}{match['rest'] or '.'}"


def _say_after_name(match: re.Match[str]) -> str:
    value = roman_value(match["numeral"])
    if value is None:
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
        rf"(?i:\b(?P<division>{_DIVISIONS}))\s(?P<numeral>{_NUMERAL}|[ivxl]+)\b"
        r"(?:\s?[-–]\s?(?P<last>[IVXLC]+|[ivxl]+)\b)?(?!'[a-z])",
        _say_division,
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
