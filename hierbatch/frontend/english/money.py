"""Rules for amounts of money in English: modern currencies, and the pounds, shillings and pence of older books."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hierbatch.frontend.english.numbers import VULGAR_FRACTIONS, say_cardinal, say_fraction, say_number
from hierbatch.frontend.english.stops import DOTTED
from hierbatch.frontend.rules import Rule, one_of, rule


@dataclass(frozen=True, slots=True)
class _Currency:
    one: str
    many: str
    cent: str = ""
    cents: str = ""


_DOLLAR = ("cent", "cents")
_CURRENCIES = {
    "$": _Currency("dollar", "dollars", *_DOLLAR),
    "US$": _Currency("U S dollar", "U S dollars", *_DOLLAR),
    "C$": _Currency("Canadian dollar", "Canadian dollars", *_DOLLAR),
    "A$": _Currency("Australian dollar", "Australian dollars", *_DOLLAR),
    "£": _Currency("pound", "pounds", "penny", "pence"),
    "€": _Currency("euro", "euros", "cent", "cents"),
    "¥": _Currency("yen", "yen"),
    "₩": _Currency("won", "won"),
    "₹": _Currency("rupee", "rupees", "paisa", "paise"),
}
_CODES = {"USD": "US$", "GBP": "£", "EUR": "€", "JPY": "¥", "KRW": "₩", "CAD": "C$", "AUD": "A$"}
_SCALES = {
    "k": "thousand", "thousand": "thousand", "m": "million", "mn": "million", "million": "million", "bn": "billion",
    "b": "billion", "billion": "billion", "tn": "trillion", "trillion": "trillion", "hundred": "hundred",
}  # fmt: skip
_SYMBOL = one_of(_CURRENCIES)
_MAX_DIGITS = 15
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_SCALE = r"(?:[\s-]?(?P<scale>thousand|million|billion|trillion|hundred|bn|mn|tn|[kKmMbB])\b)?"
# "a £5 note" takes the singular, like any noun before another noun.
_THING = r"(?P<thing>\s(?:bills?|notes?|coins?|stamps?|tickets?|fines?|rewards?|prizes?|che(?:ck|que)s?|loans?)\b)?"
_DETERMINER = (
    r"(?P<determiner>\b(?:[Aa]n?|[Tt]he|[Tt]his|[Tt]hat|[Hh]is|[Hh]er|[Tt]heir|[Oo]ur|[Mm]y|[Ii]ts|[Yy]our|another)\s)?"
)
# Words after a sum that are not a noun to which it belongs: "the $5 that he owed", "a $5 or so".
_NO_NOUN = (
    "a|about|after|ago|all|an|and|are|as|at|away|back|be|because|before|but|by|can|did|does|each|for|from|had|has|have|"
    "he|her|his|i|if|in|into|is|it|its|less|may|more|my|now|of|off|on|or|our|out|over|per|she|should|so|than|that|the|"
    "their|then|there|they|this|to|today|too|under|up|was|we|were|what|when|which|who|will|with|worth|would|you|your"
)
_NOUN = rf"(?P<noun>(?=\s(?!(?:{_NO_NOUN})\b)[a-z]))?"


def _say_prefixed(match: re.Match[str]) -> str:
    before = match["determiner"] or ""
    thing = match["thing"]
    if thing is None and (match["hyphen"] or (before and match["noun"] is not None)):
        thing = " " if match["hyphen"] else ""
    return before + _say_sum(_CURRENCIES[match["symbol"]], match["sum"], match["scale"], thing)


def _say_coded(match: re.Match[str]) -> str:
    return _say_sum(_CURRENCIES[_CODES[match["code"]]], match["sum"], match["scale"], None)


def _say_suffixed(match: re.Match[str]) -> str:
    return _say_sum(_CURRENCIES[match["symbol"]], match["sum"], None, None)


def _say_sum(currency: _Currency, number: str, scale: str | None, thing: str | None) -> str:
    whole, _, decimals = number.replace(",", "").partition(".")
    if scale:
        name = currency.many if thing is None else currency.one
        return f"{say_number(number)} {_SCALES[scale.lower()]} {name}{thing or ''}"
    if len(decimals) == 2 and currency.cents and len(whole) <= _MAX_DIGITS:
        return _say_with_cents(currency, int(whole or 0), int(decimals)) + (thing or "")
    is_one = whole == "1" and not decimals
    return f"{say_number(number)} {currency.one if is_one or thing is not None else currency.many}{thing or ''}"


def _say_with_cents(currency: _Currency, units: int, cents: int) -> str:
    parts = []
    if units or not cents:
        parts.append(f"{say_cardinal(units)} {currency.one if units == 1 else currency.many}")
    if cents:
        parts.append(f"{say_cardinal(cents)} {currency.cent if cents == 1 else currency.cents}")
    return " and ".join(parts)


def _say_range(match: re.Match[str]) -> str:
    low = say_number(match["low"])
    return f"{low} to {_say_sum(_CURRENCIES[match['symbol']], match['sum'], match['scale'], None)}"


def _say_mixed(match: re.Match[str]) -> str:
    fraction = say_fraction(*VULGAR_FRACTIONS[match["fraction"]]).replace("one half", "a half")
    return f"{say_number(match['sum'])} and {fraction} {_CURRENCIES[match['symbol']].many}"


def _say_small_coins(match: re.Match[str]) -> str:
    count = int(match["count"])
    one, many = {"¢": ("cent", "cents"), "p": ("penny", "pence")}[match["unit"]]
    return f"{say_cardinal(count)} {one if count == 1 else many}"


def _say_shillings(match: re.Match[str]) -> str:
    count = int(match["shillings"])
    words = f"{say_cardinal(count)} {'shilling' if count == 1 else 'shillings'}"
    if match["pence"]:
        words += f" and {_old_pence(int(match['pence']))}"
    return words


def _say_old_pence(match: re.Match[str]) -> str:
    return _old_pence(int(match["pence"]))


def _old_pence(count: int) -> str:
    return "a penny" if count == 1 else f"{say_cardinal(count)}pence"


MONEY_RULES: tuple[Rule, ...] = (
    rule("sum and fraction", rf"(?P<symbol>{_SYMBOL})\s?(?P<sum>\d+)(?P<fraction>[½⅓⅔¼¾⅛⅜⅝⅞])", _say_mixed),
    rule(
        "range of sums",
        rf"(?P<symbol>{_SYMBOL})\s?(?P<low>{_NUMBER})\s?[-–]\s?(?:{_SYMBOL})?(?P<sum>{_NUMBER}){_SCALE}",
        _say_range,
    ),
    rule(
        "sum",
        rf"{_DETERMINER}(?P<symbol>{_SYMBOL})\s?(?P<sum>{_NUMBER}|\.\d+){_SCALE}"
        rf"(?P<hyphen>-(?=[a-z]))?{_THING}{_NOUN}",
        _say_prefixed,
    ),
    rule("sum with code", rf"\b(?P<sum>{_NUMBER}){_SCALE}\s?(?P<code>{one_of(_CODES)})\b", _say_coded),
    rule("sum, symbol last", rf"\b(?P<sum>{_NUMBER})\s?(?P<symbol>[€₩¥])", _say_suffixed),
    rule("cents", r"\b(?P<count>\d{1,2})\s?(?P<unit>¢|p\b(?!\.m))", _say_small_coins),
    rule(
        "shillings and pence",
        rf"\b(?P<shillings>\d{{1,2}})s\.\s?(?P<pence>\d{{1,2}})d{DOTTED}",
        _say_shillings,
    ),
    # "the 80s." is a decade; as shillings, "80s." would be four pounds, which books write as "£4".
    rule("shillings", rf"(?<!the )(?<!')\b(?P<shillings>\d|1\d|2[1-9])s(?P<pence>){DOTTED}", _say_shillings),
    rule("pence", rf"\b(?P<pence>\d|1[01])d{DOTTED}", _say_old_pence),
)
