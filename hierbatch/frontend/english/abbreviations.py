"""English abbreviations with and without a full stop: titles, places, Latin, references."""

from __future__ import annotations

import re

from hierbatch.frontend.characters import PLACEHOLDERS
from hierbatch.frontend.english.stops import DOTTED, ENDS_SENTENCE, STOP
from hierbatch.frontend.rules import Rule, one_of, rule

_NAME = rf"[A-Z{PLACEHOLDERS}]"
_TITLES = {
    "Mr": "Mister", "Mrs": "Mrs", "Ms": "Miz", "Messrs": "Messers", "Mmes": "Mesdames", "Mme": "Madame",
    "Mlle": "Mademoiselle", "Dr": "Doctor", "Drs": "Doctors", "Prof": "Professor", "Rev": "Reverend",
    "Capt": "Captain", "Col": "Colonel", "Lieut": "Lieutenant", "Lt": "Lieutenant", "Sgt": "Sergeant",
    "Sergt": "Sergeant", "Cpl": "Corporal", "Maj": "Major", "Cmdr": "Commander", "Adm": "Admiral",
    "Gov": "Governor", "Supt": "Superintendent", "Insp": "Inspector",
    "MR": "Mister", "MRS": "Mrs", "DR": "Doctor",
}  # fmt: skip
"""Titles that are expanded anywhere if a full stop follows, and before a name even without a full stop."""

_TITLES_BEFORE_NAMES = {
    "Gen": "General", "Hon": "Honorable", "Pres": "President", "Sen": "Senator", "Rep": "Representative",
    "Fr": "Father", "Br": "Brother", "Mt": "Mount", "Ft": "Fort", "St": "Saint", "Ste": "Saint", "Sts": "Saints",
}  # fmt: skip
_STREETS = {"St": "Street", "Ave": "Avenue", "Rd": "Road", "Blvd": "Boulevard", "Ln": "Lane", "Dr": "Drive",
            "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway"}  # fmt: skip
_AFTER_NAMES = {"Jr": "Junior", "Sr": "Senior", "Esq": "Esquire", "Bros": "Brothers", "Co": "Company",
                "Corp": "Corporation", "Inc": "Incorporated", "Ltd": "Limited"}  # fmt: skip
_LATIN = {
    "e.g": "for example", "i.e": "that is", "etc": "et cetera", "&c": "et cetera", "viz": "namely", "vs": "versus",
    "cf": "compare", "et al": "and others", "ibid": "ibidem", "approx": "approximately", "dept": "department",
    "Dept": "Department", "est": "established", "govt": "government", "Govt": "Government", "inst": "instant",
    "ult": "ultimo", "prox": "proximo", "incl": "including", "assn": "association", "Assn": "Association",
    "misc": "miscellaneous", "temp": "temperature", "tel": "telephone", "Tel": "Telephone", "max": "maximum",
    "min": "minimum", "a.k.a": "also known as", "w.r.t": "with respect to",
}  # fmt: skip
_REFERENCES = {
    "No": "Number", "no": "number", "Nos": "Numbers", "nos": "numbers", "vol": "volume", "Vol": "Volume",
    "vols": "volumes", "Vols": "Volumes", "ch": "chapter", "Ch": "Chapter", "chap": "chapter", "Chap": "Chapter",
    "p": "page", "pp": "pages", "fig": "figure", "Fig": "Figure", "figs": "figures", "Figs": "Figures",
    "sec": "section", "Sec": "Section", "art": "article", "Art": "Article", "bk": "book", "Bk": "Book",
    "pt": "part", "Pt": "Part", "ed": "edition", "eq": "equation", "Eq": "Equation", "l": "line", "ll": "lines",
    "v": "verse", "vv": "verses", "n": "note", "ca": "circa", "c": "circa", "fl": "flourished", "b": "born",
    "d": "died", "apt": "apartment", "Apt": "Apartment", "rm": "room", "Rm": "Room", "ext": "extension",
}  # fmt: skip
_DEGREES = {"Ph.D": "P H D", "PhD": "P H D", "PhDs": "P H D's", "M.Sc": "M S C", "B.Sc": "B S C", "Litt.D": "Lit D"}
_SHORTHAND = {"w/o": "without", "w/": "with", "c/o": "care of", "b/c": "because"}
_NUMERAL = r"(?=\s?(?:\d|[IVXLCivxlc]+\b))"


def _say_title(match: re.Match[str]) -> str:
    return _TITLES[match["short"]]


def _say_title_before_name(match: re.Match[str]) -> str:
    return _TITLES_BEFORE_NAMES[match["short"]]


ABBREVIATION_RULES: tuple[Rule, ...] = (
    rule(
        "street",
        rf"\b(?P<name>[A-Z][\w']+|\d+(?:st|nd|rd|th))\s(?P<short>{one_of(_STREETS)})"
        rf"(?=\.(?:[,;:!?)\"']|\s+[a-z\d(]|{ENDS_SENTENCE})){STOP}",
        lambda match: f"{match['name']} {_STREETS[match['short']]}",
    ),
    rule("title", rf"\b(?P<short>{one_of(_TITLES)})(?:\.|(?=\s{_NAME}))", _say_title),
    rule(
        "title before a name", rf"\b(?P<short>{one_of(_TITLES_BEFORE_NAMES)})\b\.?(?=\s{_NAME})", _say_title_before_name
    ),
    rule("after a name", rf"\b(?P<short>{one_of(_AFTER_NAMES)})\b{DOTTED}", lambda m: _AFTER_NAMES[m["short"]]),
    rule("junior", r"(?<=[a-z],\s)(?P<short>Jr|Sr)\b", lambda m: _AFTER_NAMES[m["short"]]),
    rule("latin", rf"(?<![\w.])(?P<short>{one_of(_LATIN)}){DOTTED}", lambda m: _LATIN[m["short"]]),
    rule("versus", r"(?<=\s)(?:vs?\.|vs)(?=\s)", "versus"),
    rule(
        "reference",
        rf"(?<![\w'.])(?<!said )(?<!says )(?<!replied )(?<!answered )(?P<short>{one_of(_REFERENCES)})\.{_NUMERAL}",
        lambda m: _REFERENCES[m["short"]] + " ",
    ),
    rule("degree", rf"\b(?P<short>{one_of(_DEGREES)})(?!\w){STOP}", lambda m: _DEGREES[m["short"]]),
    rule("okay", r"\bO\.K(?!\w)" + STOP + r"|\bOK\b", "okay"),
    rule("shorthand", rf"(?<![\w/])(?P<short>{one_of(_SHORTHAND)})(?=\s)", lambda m: _SHORTHAND[m["short"]]),
)
