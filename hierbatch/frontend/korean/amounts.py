"""Rules for Korean dates, times, money, units, ranges and all remaining numbers."""

from __future__ import annotations

import re

from hierbatch.frontend.english.numbers import VULGAR_FRACTIONS
from hierbatch.frontend.korean.codes import CODE_RULES
from hierbatch.frontend.korean.counters import COUNTER, NOUN_ENDS, is_native, say_counted
from hierbatch.frontend.korean.numbers import (
    mixed_value,
    say_approximately,
    say_digits,
    say_native,
    say_number,
    say_sino,
)
from hierbatch.frontend.rules import Rule, one_of, rule

_FIGURES = r"\d(?:[\d,]*\d)?"
_NUMBER = rf"{_FIGURES}(?:\.\d+)?"
_MIXED = (
    rf"(?:{_FIGURES}\s?(?:[십백천]?[만억조]|[백천](?![가-힣])|[백천](?=\s?[만억조원]))\s?)+"
    rf"(?:{_FIGURES}[백천]?)?"
)
_CURRENCIES = {
    "US$": ("달러", "센트"), "$": ("달러", "센트"), "€": ("유로", "센트"), "£": ("파운드", "펜스"), "¥": ("엔", "센"),
    "₩": ("원", "전"),
}  # fmt: skip
_UNITS = {
    "km": "킬로미터", "m": "미터", "cm": "센티미터", "mm": "밀리미터", "nm": "나노미터", "kg": "킬로그램", "g": "그램",
    "mg": "밀리그램", "t": "톤", "L": "리터", "l": "리터", "ml": "밀리리터", "mL": "밀리리터", "cc": "시시",
    "GB": "기가바이트", "MB": "메가바이트", "KB": "킬로바이트", "TB": "테라바이트", "Hz": "헤르츠", "kHz": "킬로헤르츠",
    "MHz": "메가헤르츠", "GHz": "기가헤르츠", "W": "와트", "kW": "킬로와트", "MW": "메가와트", "kWh": "킬로와트시",
    "V": "볼트", "kcal": "킬로칼로리", "cal": "칼로리", "dB": "데시벨", "ha": "헥타르", "ft": "피트", "in": "인치",
    "lb": "파운드", "oz": "온스", "mi": "마일", "yd": "야드", "px": "픽셀", "ppm": "피피엠", "%p": "퍼센트포인트",
    "%": "퍼센트", "‰": "퍼밀", "km2": "제곱킬로미터", "km²": "제곱킬로미터", "m2": "제곱미터", "m²": "제곱미터",
    "cm2": "제곱센티미터", "cm²": "제곱센티미터", "m3": "세제곱미터", "m³": "세제곱미터", "cm3": "세제곱센티미터",
}  # fmt: skip
_LONG_UNITS = [unit for unit in _UNITS if len(unit) > 1 and unit not in ("in", "ft")]
_SPEEDS = {"km/h": ("시속", "킬로미터"), "m/s": ("초속", "미터"), "mph": ("시속", "마일"), "kph": ("시속", "킬로미터")}
_HISTORICAL_EVENTS = "운동|혁명|전쟁|사변|의거|민주|항쟁|정신|만세|선언|사태|쿠데타|광복|테러|절|독립"
_NUMBERED_THINGS = (
    "출구|버스|타자|문제|국도|선수|방|트랙|채널|홈|게이트|창구|후보|교향곡|플랫폼|승강장|"
    "염색체|버튼|좌석|참가자|손님|번호"
)
_COUNTER_NEXT = re.compile(COUNTER)
_EMERGENCY = r"(?=\s?(?:에\s|에$|로\s|로$|구급|구조|소방|신고|대원|상황실|번으로|번에))"


def _say_counted(match: re.Match[str]) -> str:
    if "." in match["number"]:
        return f"{say_number(match['number'])} {match['counter']}"
    return say_counted(int(match["number"].replace(",", "")), match["counter"])


def _say_mixed(match: re.Match[str]) -> str:
    words = say_sino(mixed_value(match[0].strip()))
    return f"{words} " if match[0].endswith(" ") or _COUNTER_NEXT.match(match.string, match.end()) else words


def _say_decimal_mixed(match: re.Match[str]) -> str:
    return f"{say_number(match['number'])}{match['scale']}"


def _say_range(match: re.Match[str]) -> str:
    low, high, counter = int(match["low"]), int(match["high"]), match["counter"]
    native = is_native(counter, high)
    if high == low + 1 and high < 10 and counter not in {"월", "시"}:
        together = say_approximately(low, native=native)
        if together:
            return f"{together} {counter}"
    first = say_counted(low, counter)
    if counter not in {"시", "월", "일"}:
        first = first.removesuffix(counter).strip()
    return f"{first}에서 {say_counted(high, counter)}"


def _say_score(match: re.Match[str]) -> str:
    return f"{say_number(match['low'])} 대 {say_number(match['high'])}"


def _say_place(match: re.Match[str]) -> str:
    return f"제{say_sino(int(match['number']))}{' ' if match['unit'] else ''}{match['unit']}"


def _say_persons(match: re.Match[str]) -> str:
    return f"{match['who']}{say_native(int(match['number']))} 분"


def _say_date(match: re.Match[str]) -> str:
    words = f"{say_counted(int(match['year']), '년')} {say_counted(int(match['month']), '월')}"
    return f"{words} {say_counted(int(match['day']), '일')}" if match["day"] else words


def _say_event_date(match: re.Match[str]) -> str:
    """Read the date of a historical event: 3·1 as 삼일, 6·25 as 육이오, 12·12 as 십이십이."""
    month, day = match["month"], match["day"]
    return say_sino(int(month)) + (say_sino(int(day)) if month == day else say_digits(day))


def _say_time(match: re.Match[str]) -> str:
    parts = [say_counted(int(match["hour"]), "시")]
    if int(match["minute"]):
        parts.append(say_counted(int(match["minute"]), "분"))
    if match["second"]:
        parts.append(say_counted(int(match["second"]), "초"))
    return " ".join(parts)


def _say_money(match: re.Match[str]) -> str:
    unit, cent = _CURRENCIES[match["symbol"]]
    written = match["sum"].strip()
    whole, _, decimals = written.partition(".")
    if any(scale in written for scale in "만억조천백"):
        return f"{say_sino(mixed_value(written)) if not decimals else say_number(written[:-1]) + written[-1]} {unit}"
    if len(decimals) == 2:
        cents = f"{say_sino(int(decimals))} {cent}" if int(decimals) else ""
        units = f"{say_number(whole)} {unit}" if int(whole.replace(",", "")) or not cents else ""
        return " ".join(filter(None, (units, cents)))
    return f"{say_number(written)} {unit}"


def _say_measure(match: re.Match[str]) -> str:
    low = f"{say_number(match['low'])}에서 " if match["low"] else ""
    sign = {"-": "마이너스 ", "+": "플러스 "}.get(match["sign"] or "", "")
    return f"{sign}{low}{say_number(match['number'])} {_UNITS[match['unit']]}"


def _say_first_measure(match: re.Match[str]) -> str:
    return f" {_UNITS[match['unit']]}에서 "


def _say_speed(match: re.Match[str]) -> str:
    prefix, unit = _SPEEDS[match["unit"]]
    return f"{prefix} {say_number(match['number'])} {unit}"


def _say_degrees(match: re.Match[str]) -> str:
    words = say_number(match["number"].lstrip("-"))
    if match["last"]:
        words += f"에서 {say_number(match['last'])}"
    scale = {"C": "섭씨 ", "F": "화씨 "}.get(match["scale"] or "", "")
    below = "영하 " if match["number"].startswith("-") else ""
    return f"{scale}{below}{words} 도"


def _say_fraction(match: re.Match[str]) -> str:
    return f"{say_sino(int(match['denominator']))}분의 {say_sino(int(match['numerator']))}"


def _say_vulgar(match: re.Match[str]) -> str:
    numerator, denominator = VULGAR_FRACTIONS[match["fraction"]]
    words = f"{say_sino(denominator)}분의 {say_sino(numerator)}"
    return f"{say_sino(int(match['whole']))}과 {words}" if match["whole"] else words


_TIME = r"(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?"

MEASURE_RULES: tuple[Rule, ...] = (
    rule(
        "date",
        r"(?<!\d)(?P<year>[12]\d{3})(?P<gap>[-./])\s?(?P<month>0?[1-9]|1[0-2])(?P=gap)\s?"
        r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)\.?",
        _say_date,
    ),
    rule(
        "month", r"(?<!\d)(?P<year>1[5-9]\d\d|20\d\d)\.\s?(?P<month>0?[1-9]|1[0-2])(?P<day>)(?!\d|\.\s?\d)", _say_date
    ),
    rule(
        "date of a historical event",
        rf"(?<!\d)(?P<month>1[0-2]|[1-9])(?:·|\.(?=\d{{1,2}}\s?(?:{_HISTORICAL_EVENTS})))(?P<day>3[01]|[12]\d|[1-9])(?!\d)",
        _say_event_date,
    ),
    rule("time range", rf"(?<=[0-5]\d)\s?[-~–]\s?(?=(?:(?:오전|오후|새벽|아침|낮|저녁|밤)\s?)?{_TIME}(?!\d))", "에서 "),
    rule("time", r"(?<!\d)(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?!\d)", _say_time),
    *CODE_RULES,
    rule("emergency", rf"(?<!\d)(?:11\d|911){_EMERGENCY}", lambda match: say_digits(match[0])),
    rule("money", rf"(?P<symbol>{one_of(_CURRENCIES)})\s?(?P<sum>{_NUMBER}(?:\s?[천백]?[만억조])*)", _say_money),
    rule(
        "degrees",
        rf"(?<!\w)(?P<number>-?{_NUMBER})(?:\s?[-~–]\s?(?P<last>{_NUMBER}))?\s?°\s?(?P<scale>[CF]?)",
        _say_degrees,
    ),
    rule(
        "below zero",
        rf"(?<![\w-])-(?P<number>{_NUMBER})\s?도{NOUN_ENDS}",
        lambda match: f"영하 {say_number(match['number'])} 도",
    ),
    rule(
        "range of measures",
        rf"(?<=\d)\s?(?P<unit>{one_of(_UNITS)})\s?[-~–]\s?(?={_NUMBER}\s?(?:{one_of(_UNITS)}))",
        _say_first_measure,
    ),
    rule(
        "unit alone",
        rf"(?<![A-Za-z\d.])(?<!\d\s)(?P<unit>{one_of(_LONG_UNITS)})(?=당(?:\s|$|[은는이가에]))",
        lambda match: _UNITS[match["unit"]],
    ),
    rule("speed", rf"(?:[시초]속\s)?(?P<number>{_NUMBER})\s?(?P<unit>{one_of(_SPEEDS)})(?![A-Za-z])", _say_speed),
    rule(
        "measure",
        rf"(?P<sign>(?<![\w.)\]-])[-+](?=\d))?(?:(?P<low>{_NUMBER})\s?[-~–]\s?)?(?P<number>{_NUMBER})\s?(?P<unit>{one_of(_UNITS)})(?![A-Za-z\d])",
        _say_measure,
    ),
)
"""Rules for dates, times and measures; they precede the rules that read punctuation and Latin letters."""

NUMBER_RULES: tuple[Rule, ...] = (
    rule("vulgar fraction", rf"(?P<whole>\d+)?\s?(?P<fraction>[{''.join(VULGAR_FRACTIONS)}])", _say_vulgar),
    rule("quarter", r"(?<![\d/])[1-4]/4(?=\s?분기)", lambda match: f"{say_sino(int(match[0][0]))}사 "),
    rule("fraction", r"(?<![\w/])(?P<numerator>\d{1,3})/(?P<denominator>\d{1,3})(?![\d/])", _say_fraction),
    rule("score", r"(?<!\d)(?P<low>\d+)\s?(?:대|:)\s?(?P<high>\d+)(?!\d|\s?[만억조])", _say_score),
    rule("place in order", r"제\s?(?P<number>\d+)\s?(?P<unit>(?![의은는이가을를과와도만]\b)[가-힣]?)", _say_place),
    rule("decimal of a scale", r"(?P<number>\d+\.\d+)(?P<scale>[천백]?[만억조])", _say_decimal_mixed),
    rule(
        "range with a counter",
        rf"(?<![\d.,])(?P<low>\d{{1,4}})\s?(?:[가-힣]{{1,2}}\s?)?[~–-]\s?(?P<high>\d{{1,4}})\s?{COUNTER}",
        _say_range,
    ),
    rule("persons", r"(?P<who>(?:손님|선생님|어르신|학생|고객|회원|어른)\s)(?P<number>\d+)\s?분", _say_persons),
    rule(
        "numbered thing",
        rf"(?P<number>\d+)\s?번(?=\s?(?:{_NUMBERED_THINGS})|(?:은|는|이(?!나)|을|과)(?:\s|$))",
        lambda match: f"{say_sino(int(match['number']))} 번",
    ),
    rule(
        "number in a class",
        r"(?<=[반조열줄호실])\s(?P<number>\d+)\s?번(?![째가-힣]|\s?째)|(?<=[반조열줄호실])\s(?P<second>\d+)\s?번(?=이다|은|이|의|을|과|에|$)",
        lambda match: f" {say_sino(int(match['number'] or match['second']))} 번",
    ),
    rule("mixed", _MIXED, _say_mixed),
    rule("counted", rf"(?<![\d.,])(?P<number>{_NUMBER})\s?{COUNTER}", _say_counted),
    rule(
        "range",
        rf"(?<![\d.,])(?P<low>{_NUMBER})\s?[~–-]\s?(?P<high>{_NUMBER})",
        lambda match: f"{say_number(match['low'])}에서 {say_number(match['high'])}",
    ),
    rule("plus", r"(?<=\d)\s?\+\s?(?=\d)", " 더하기 "),
    rule("times", r"(?<=\d)\s?[×*]\s?(?=\d)", " 곱하기 "),
    rule("divided", r"(?<=\d)\s?÷\s?(?=\d)", " 나누기 "),
    rule("sign", rf"(?<![\w.])[-+](?={_NUMBER})", lambda match: "마이너스 " if match[0] == "-" else "플러스 "),
    rule("version", r"\d+(?:\.\d+){2,}", lambda match: " 점 ".join(map(say_number, match[0].split(".")))),
    rule("number", _NUMBER, lambda match: say_number(match[0])),
)
"""Rules for the remaining numbers; they follow the rules for letters."""
