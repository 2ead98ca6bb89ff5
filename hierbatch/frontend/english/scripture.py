"""Rules for references to the Bible in English: book, chapter and verse."""

from __future__ import annotations

import re

from hierbatch.frontend.english.numbers import say_cardinal
from hierbatch.frontend.rules import Rule, one_of, rule

_BOOKS = {
    "Gen": "Genesis", "Ex": "Exodus", "Exod": "Exodus", "Lev": "Leviticus", "Num": "Numbers", "Deut": "Deuteronomy",
    "Josh": "Joshua", "Judg": "Judges", "Sam": "Samuel", "Chron": "Chronicles", "Chr": "Chronicles", "Neh": "Nehemiah",
    "Ps": "Psalm", "Psa": "Psalm", "Prov": "Proverbs", "Eccl": "Ecclesiastes", "Isa": "Isaiah", "Jer": "Jeremiah",
    "Lam": "Lamentations", "Ezek": "Ezekiel", "Dan": "Daniel", "Hos": "Hosea", "Mic": "Micah", "Hab": "Habakkuk",
    "Zech": "Zechariah", "Mal": "Malachi", "Matt": "Matthew", "Mt": "Matthew", "Mk": "Mark", "Lk": "Luke",
    "Jn": "John", "Rom": "Romans", "Cor": "Corinthians", "Gal": "Galatians", "Eph": "Ephesians",
    "Phil": "Philippians", "Col": "Colossians", "Thess": "Thessalonians", "Tim": "Timothy", "Heb": "Hebrews",
    "Jas": "James", "Pet": "Peter", "Rev": "Revelation",
}  # fmt: skip
_FULL_NAMES = (
    "Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth Samuel Kings Chronicles Ezra Nehemiah Esther Job "
    "Psalm Psalms Proverbs Ecclesiastes Isaiah Jeremiah Lamentations Ezekiel Daniel Hosea Joel Amos Obadiah Jonah "
    "Micah Nahum Habakkuk Zephaniah Haggai Zechariah Malachi Matthew Mark Luke John Acts Romans Corinthians Galatians "
    "Ephesians Philippians Colossians Thessalonians Timothy Titus Philemon Hebrews James Peter Jude Revelation"
)
_NUMBERS = {"1": "First", "2": "Second", "3": "Third", "I": "First", "II": "Second", "III": "Third"}


def _say_reference(match: re.Match[str]) -> str:
    words = [_NUMBERS[match["number"]]] if match["number"] else []
    words.append(_BOOKS.get(match["book"].rstrip("."), match["book"]))
    words += [say_cardinal(int(match["chapter"])), say_cardinal(int(match["verse"]))]
    if match["last"]:
        words += ["to", say_cardinal(int(match["last"]))]
    return " ".join(words)


SCRIPTURE_RULES: tuple[Rule, ...] = (
    rule(
        "verse",
        rf"\b(?:(?P<number>[123]|I{{1,3}})\s)?(?P<book>(?:{one_of(_FULL_NAMES.split())})\b|(?:{one_of(_BOOKS)})\b\.?)\s"
        r"(?P<chapter>\d{1,3}):(?P<verse>\d{1,3})(?:\s?[-–]\s?(?P<last>\d{1,3}))?(?![\d:])",
        _say_reference,
    ),
)
