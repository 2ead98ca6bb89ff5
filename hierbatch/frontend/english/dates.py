"""Rules for English dates, years and times of day.

Numeric dates are read as American dates, month first, unless the first number is above twelve.
"""

from __future__ import annotations

import re

from hierbatch.frontend.english.numbers import (
    say_cardinal,
    say_decade,
    say_number,
    say_ordinal,
    say_two_digits,
    say_year,
)
from hierbatch.frontend.english.stops import STOP
from hierbatch.frontend.rules import Rule, one_of, rule

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SHORT_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Sept": 9, "Oct": 10, "Nov": 11,
    "Dec": 12,
}  # fmt: skip
_SHORT_DAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday",
    "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_MONTH = rf"(?P<month>(?:{one_of(MONTHS)})\b|(?:{one_of(_SHORT_MONTHS)})\b\.?)"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?!\d|[:.,]\d|\s?[ap]\.?m\b)"
_YEAR = r"(?P<year>1\d{3}|20\d\d)(?!\d|,\d)"
_CLOCK_HALF = rf"(?P<half>[AaPp])\.?\s?[Mm]\b{STOP}"
_YEAR_CUES = (
    "in|since|of|until|till|by|from|during|before|after|around|about|year|circa|early|late|spring|summer|autumn|fall|"
    "winter|and|to|or|between|" + one_of(MONTHS).lower()
)
_NOT_PLURAL = "was|is|as|has|this|its|his|yes|us|thus|perhaps|always|besides|towards"
_COUNTED = (
    r"(?=\s+(?:[a-z]+\s)?(?:people|men|women|children|feet|per|percent|of\s+the|of\s+them|"
    rf"(?!(?:{_NOT_PLURAL})\b)[a-z]{{2,}}[^s\W]s)\b)"
)
_CENTURY_TURN = 50


def _say_month_day(match: re.Match[str]) -> str:
    words = f"{_month(match['month'])} {say_ordinal(int(match['day']))}"
    if match["last"]:
        words += f" to {say_ordinal(int(match['last']))}"
    return words + _after_comma(match["year"])


def _say_day_month(match: re.Match[str]) -> str:
    words = f"{match['article'] or 'the '}{say_ordinal(int(match['day']))}"
    if match["last"]:
        words += f" to the {say_ordinal(int(match['last']))}"
    return f"{words} of {_month(match['month'])}" + _after_comma(match["year"])


def _say_month_year(match: re.Match[str]) -> str:
    return f"{_month(match['month'])}{match['comma'] or ''} {say_year(int(match['year']))}"


def _say_figures(match: re.Match[str]) -> str:
    first, second = int(match["first"]), int(match["second"])
    month, day = (second, first) if first > len(MONTHS) else (first, second)
    if not 1 <= month <= len(MONTHS) or not 1 <= day <= 31:
        return match[0]
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 1900 if year >= _CENTURY_TURN else 2000
    return f"{MONTHS[month - 1]} {say_ordinal(day)}, {say_year(year)}"


def _say_iso(match: re.Match[str]) -> str:
    return f"{MONTHS[int(match['month']) - 1]} {say_ordinal(int(match['day']))}, {say_year(int(match['year']))}"


def _month(written: str) -> str:
    written = written.rstrip(".")
    return MONTHS[_SHORT_MONTHS[written] - 1] if written in _SHORT_MONTHS else written


def _after_comma(year: str | None) -> str:
    return f", {say_year(int(year))}" if year else ""


def _say_year_range(match: re.Match[str]) -> str:
    first, last = match["first"], match["last"]
    second = say_year(int(last)) if len(last) == 4 else say_two_digits(int(last))
    return f"{say_year(int(first))} to {second}"


def _say_time(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), int(match["minute"])
    half = f" {match['half'].upper()} M" if match["half"] else ""
    if minute:
        return f"{say_cardinal(hour)} {say_two_digits(minute)}{half}"
    if half:
        return f"{say_cardinal(hour)}{half}"
    return f"{say_cardinal(hour)} o'clock" if hour <= 12 else f"{say_cardinal(hour)} hundred"


def _say_military(match: re.Match[str]) -> str:
    hour, minute = match["hour"], int(match["minute"])
    words = say_two_digits(int(hour)) if hour[0] == "0" else say_cardinal(int(hour))
    return f"{words} {say_two_digits(minute) if minute else 'hundred'}"


def _say_duration(match: re.Match[str]) -> str:
    counts = [int(match[unit]) for unit in ("hours", "minutes", "seconds")]
    named = zip(counts, ("hour", "minute", "second"), strict=True)
    return " ".join(f"{say_cardinal(count)} {unit}{'' if count == 1 else 's'}" for count, unit in named if count)


def _say_hour(match: re.Match[str]) -> str:
    words = say_cardinal(int(match["hour"]))
    if match["last"]:
        words += f" to {say_cardinal(int(match['last']))}"
    return f"{words} {match['half'].upper()} M"


def _say_decade(match: re.Match[str]) -> str:
    return say_decade(int(match["year"]))


def _say_plain_year(match: re.Match[str]) -> str:
    return say_year(int(match["year"]))


def _say_short_year(match: re.Match[str]) -> str:
    return say_two_digits(int(match["year"]))


def _say_count(match: re.Match[str]) -> str:
    return say_number(match[0])


DATE_RULES: tuple[Rule, ...] = (
    rule(
        "weekday",
        rf"\b(?P<weekday>{one_of(_SHORT_DAYS)})\.?(?P<comma>,?)(?=\s(?:\d|{one_of(MONTHS)}|{one_of(_SHORT_MONTHS)}))",
        lambda match: _SHORT_DAYS[match["weekday"]] + match["comma"],
    ),
    rule(
        "short weekday",
        rf"\b(?P<weekday>{one_of(_SHORT_DAYS)})\.(?=\s(?:night|morning|afternoon|evening|noon|at|and)\b)",
        lambda match: _SHORT_DAYS[match["weekday"]],
    ),
    rule("iso date", r"\b(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])\b", _say_iso),
    rule("figures", r"\b(?P<first>\d{1,2})[/.](?P<second>\d{1,2})[/.](?P<year>\d{4}|\d\d)\b(?![/.]\d)", _say_figures),
    rule(
        "day and month",
        rf"\b(?P<article>[Tt]he\s)?{_DAY}(?:\s?[-–]\s?(?P<last>\d{{1,2}})(?:st|nd|rd|th)?)?\s(?:of\s)?{_MONTH}(?:,?\s{_YEAR})?",
        _say_day_month,
    ),
    rule(
        "month and day",
        rf"\b{_MONTH}\s(?:the\s)?{_DAY}(?:\s?[-–]\s?(?P<last>\d{{1,2}})(?:st|nd|rd|th)?\b)?(?:,?\s{_YEAR})?",
        _say_month_day,
    ),
    rule("month and year", rf"\b{_MONTH}(?P<comma>,)?\s(?:of\s)?{_YEAR}", _say_month_year),
    rule(
        "short month",
        rf"\b(?P<month>{one_of(_SHORT_MONTHS)})\.(?=\s?[\d'(]|,|$)",
        lambda match: _month(match["month"]),
    ),
)

TIME_RULES: tuple[Rule, ...] = (
    rule(
        "range of times",
        r"(?<=\d:\d\d)\s?[-–]\s?(?=\d{1,2}(?::\d\d|\s?[apAP]\.?[mM]\b))|(?<=[ap]\.m\.)\s?[-–]\s?(?=\d)",
        " to ",
    ),
    rule(
        "military time",
        r"\b(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?=\s(?:hours|hrs)\b(?!\s(?:of|a|per|in)\b))",
        _say_military,
    ),
    rule("duration", r"\b(?P<hours>\d{1,2}):(?P<minutes>[0-5]\d):(?P<seconds>[0-5]\d)\b", _say_duration),
    rule("time", rf"\b(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)\b(?:\s?{_CLOCK_HALF})?", _say_time),
    rule(
        "time with a point",
        rf"\b(?P<hour>1?\d)\.(?P<minute>[0-5]\d)\s?{_CLOCK_HALF}",
        _say_time,
    ),
    rule("hour", rf"\b(?P<hour>1?\d)(?:\s?[-–]\s?(?P<last>1?\d))?\s?{_CLOCK_HALF}", _say_hour),
)

YEAR_RULES: tuple[Rule, ...] = (
    rule("years", r"\b(?P<first>1\d{3}|20\d\d)\s?[-–/]\s?(?P<last>1\d{3}|20\d\d|\d\d)\b(?![-/])", _say_year_range),
    rule("decade", r"(?<![\d.,])'?\b(?P<year>1\d\d0|20\d0|[2-9]0)'?s\b", _say_decade),
    rule("short year", r"(?<!\w)'(?P<year>\d\d)\b(?!')", _say_short_year),
    rule(
        "year after a cue",
        rf"(?i:(?<=\b)(?P<cue>(?:{_YEAR_CUES})),?\s){_YEAR}(?!\.\d|%)",
        lambda match: match[0][: -len(match["year"])] + say_year(int(match["year"])),
    ),
    rule("count of four figures", rf"(?<![\d.,#-])(?:1\d{{3}}|20\d\d)\b{_COUNTED}", _say_count),
    rule("year", rf"(?<![\d.,#$-]){_YEAR}(?!\.\d|%|\s?[-/]\d)\b", _say_plain_year),
)
