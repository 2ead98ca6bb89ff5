"""Rules for English measures, percentages, fractions, ranges and all remaining numbers."""

from __future__ import annotations

import re

from hierbatch.frontend.english.letters import is_unpronounceable
from hierbatch.frontend.english.numbers import (
    VULGAR_FRACTIONS,
    say_cardinal,
    say_digits,
    say_fraction,
    say_number,
    say_ordinal,
    say_two_digits,
)
from hierbatch.frontend.english.stops import STOP
from hierbatch.frontend.rules import Rule, one_of, rule

_UNITS = {
    "km": ("kilometer", "kilometers"), "m": ("meter", "meters"), "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"), "nm": ("nanometer", "nanometers"), "mi": ("mile", "miles"),
    "ft": ("foot", "feet"), "yd": ("yard", "yards"), "yds": ("yard", "yards"),
    "kg": ("kilogram", "kilograms"), "g": ("gram", "grams"), "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"), "cwt": ("hundredweight",) * 2,
    "L": ("liter", "liters"), "l": ("liter", "liters"), "ml": ("milliliter", "milliliters"),
    "mL": ("milliliter", "milliliters"), "gal": ("gallon", "gallons"), "ha": ("hectare", "hectares"),
    "km/h": ("kilometer per hour", "kilometers per hour"), "kph": ("kilometer per hour", "kilometers per hour"),
    "km/s": ("kilometer per second", "kilometers per second"), "ft/s": ("foot per second", "feet per second"),
    "mpg": ("mile per gallon", "miles per gallon"), "dpi": ("dot per inch", "dots per inch"),
    "ppi": ("pixel per inch", "pixels per inch"), "ppm": ("part per million", "parts per million"),
    "fps": ("frame per second", "frames per second"), "mg/dL": ("milligram per deciliter", "milligrams per deciliter"),
    "g/L": ("gram per liter", "grams per liter"), "kg/m³": ("kilogram per cubic meter", "kilograms per cubic meter"),
    "m/s²": ("meter per second squared", "meters per second squared"),
    "m/s^2": ("meter per second squared", "meters per second squared"),
    "mAh": ("milliampere hour", "milliampere hours"), "Wh": ("watt hour", "watt hours"),
    "kV": ("kilovolt", "kilovolts"), "mV": ("millivolt", "millivolts"), "mA": ("milliampere", "milliamperes"),
    "GW": ("gigawatt", "gigawatts"), "kPa": ("kilopascal", "kilopascals"), "hPa": ("hectopascal", "hectopascals"),
    "kJ": ("kilojoule", "kilojoules"), "Gbps": ("gigabit per second", "gigabits per second"),
    "kbps": ("kilobit per second", "kilobits per second"), "px": ("pixel", "pixels"),
    "µm": ("micrometer", "micrometers"), "μm": ("micrometer", "micrometers"),
    "m/s": ("meter per second", "meters per second"), "mph": ("mile per hour", "miles per hour"),
    "rpm": ("revolution per minute", "revolutions per minute"), "bpm": ("beat per minute", "beats per minute"),
    "sec": ("second", "seconds"), "secs": ("second", "seconds"), "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"), "mins": ("minute", "minutes"), "hr": ("hour", "hours"), "hrs": ("hour", "hours"),
    "yr": ("year", "years"), "yrs": ("year", "years"),
    "Hz": ("hertz", "hertz"), "kHz": ("kilohertz", "kilohertz"), "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"), "W": ("watt", "watts"), "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"), "kWh": ("kilowatt hour", "kilowatt hours"), "V": ("volt", "volts"),
    "KB": ("kilobyte", "kilobytes"), "MB": ("megabyte", "megabytes"), "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"), "Mbps": ("megabit per second", "megabits per second"),
    "mi/h": ("mile per hour", "miles per hour"), "mm/h": ("millimeter per hour", "millimeters per hour"),
    "cm/s": ("centimeter per second", "centimeters per second"),
    "cm/h": ("centimeter per hour", "centimeters per hour"), "m/min": ("meter per minute", "meters per minute"),
    "L/min": ("liter per minute", "liters per minute"), "mL/min": ("milliliter per minute", "milliliters per minute"),
    "g/cm³": ("gram per cubic centimeter", "grams per cubic centimeter"),
    "mg/L": ("milligram per liter", "milligrams per liter"),
    "mg/kg": ("milligram per kilogram", "milligrams per kilogram"),
    "kcal": ("kilocalorie", "kilocalories"), "cal": ("calorie", "calories"), "dB": ("decibel", "decibels"),
    "psi": ("pound per square inch", "pounds per square inch"), "hp": ("horsepower", "horsepower"),
    "sq ft": ("square foot", "square feet"), "sq mi": ("square mile", "square miles"),
}  # fmt: skip
_POWERS = {"²": "square", "2": "square", "³": "cubic", "3": "cubic"}
_POWERED = ("km", "m", "cm", "mm", "ft", "mi", "yd")
_SCALES = "thousand|million|billion|trillion"
_TEMPERATURES = {"C": "Celsius", "F": "Fahrenheit", "K": "Kelvin"}
_FIGURES = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,2}(?:,\d\d)+,\d{3}(?!\d)|\d+)(?:\.\d+)?"
_NUMBER = rf"(?<![\w.,])[-+]?{_FIGURES}|(?<![\w.])[-+]?\.\d+"
_UNIT = one_of(_UNITS)
_MAX_RANGE_DIGITS = 4
_MAX_ORDINAL_DIGITS = 15
_MIN_NAMED_DENOMINATOR, _MAX_NAMED_DENOMINATOR = 2, 100
_STREETS = (
    r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Drive|Dr\.?|Lane|Ln\.?|Boulevard|Blvd\.?|Square|Place|Court|Terrace)"
)


def _say_measure(match: re.Match[str]) -> str:
    one, many = _UNITS[match["unit"]]
    if match["power"]:
        one, many = f"{_POWERS[match['power']]} {one}", f"{_POWERS[match['power']]} {many}"
    if match["hyphen"]:
        return f"{say_number(match['number'])}-{one.replace(' ', '-')}"
    words = f"{say_number(match['number'])} {match['scale'] or ''}".strip()
    if match["last"]:
        words += f" to {say_number(match['last'])}"
    is_one = match["number"] == "1" and not match["last"] and not match["scale"]
    return f"{words} {one if is_one else many}"


def _say_inches(match: re.Match[str]) -> str:
    return f"{say_number(match['number'])} {'inch' if match['number'] == '1' else 'inches'}"


def _say_feet_and_inches(match: re.Match[str]) -> str:
    feet, inches = int(match["feet"]), int(match["inches"])
    named = f"{say_cardinal(feet)} {'foot' if feet == 1 else 'feet'}"
    return f"{named} {say_cardinal(inches)} {'inch' if inches == 1 else 'inches'}"


def _say_degrees(match: re.Match[str]) -> str:
    words = f"{say_number(match['number'])} {'degree' if match['number'] == '1' else 'degrees'}"
    if match["last"]:
        words = f"{say_number(match['number'])} to {say_number(match['last'])} degrees"
    scale = match["scale"] or match["named"]
    return f"{words} {_TEMPERATURES[scale]}" if scale else words


def _say_percent(match: re.Match[str]) -> str:
    words = say_number(match["number"])
    if match["last"]:
        words += f" to {say_number(match['last'])}"
    return f"{words} {'percent' if match['sign'] == '%' else 'per mille'}"


def _say_vulgar(match: re.Match[str]) -> str:
    fraction = say_fraction(*VULGAR_FRACTIONS[match["fraction"]])
    if not match["whole"]:
        return fraction
    return f"{say_number(match['whole'])} and {_after_and(fraction)}"


def _say_written_fraction(match: re.Match[str]) -> str:
    numerator, denominator = int(match["numerator"]), int(match["denominator"])
    if not _MIN_NAMED_DENOMINATOR <= denominator <= _MAX_NAMED_DENOMINATOR:
        return f"{say_cardinal(numerator)} over {say_cardinal(denominator)}"
    fraction = say_fraction(numerator, denominator)
    return f"{say_number(match['whole'])} and {_after_and(fraction)}" if match["whole"] else fraction


def _after_and(fraction: str) -> str:
    return "a" + fraction.removeprefix("one") if fraction.startswith(("one half", "one quarter")) else fraction


def _say_range(match: re.Match[str]) -> str:
    if len(match["last"]) > _MAX_RANGE_DIGITS and len(match["first"]) <= _MAX_RANGE_DIGITS:
        return f"{say_digits(match['first'])}, {say_digits(match['last'])}"
    return f"{say_number(match['first'])} to {say_number(match['last'])}"


def _say_address(match: re.Match[str]) -> str:
    """Read a house number in pairs of digits: 4557 as "forty-five fifty-seven", 221 as "two twenty-one"."""
    head, tail = divmod(int(match["number"]), 100)
    if not tail:
        return say_cardinal(head * 100) if head < 10 else f"{say_cardinal(head)} hundred"
    return f"{say_cardinal(head)} {say_two_digits(tail)}"


def _say_plain(match: re.Match[str]) -> str:
    return say_number(match[0])


def _say_power(match: re.Match[str]) -> str:
    base, digits = match["base"], "".join(str("⁰¹²³⁴⁵⁶⁷⁸⁹".index(figure)) for figure in match["power"])
    if not base.isdecimal() and len(base) > 1 and not is_unpronounceable(base):
        return base  # the mark of a note after a word
    base = base if base.isdecimal() else " ".join(base)
    exponent = int(digits) if len(digits) <= _MAX_RANGE_DIGITS else 0
    named = {2: "squared", 3: "cubed"}.get(exponent, f"to the power of {say_cardinal(exponent)}")
    return f"{base} {named}"


def _say_model_plural(match: re.Match[str]) -> str:
    """Read a model number in the plural: B-52s as "B fifty-twos"."""
    words = say_cardinal(int(match["number"]))
    plural = words[:-1] + "ies" if words.endswith("y") else words + ("es" if words.endswith("x") else "s")
    return f"{' '.join(match['letters'])} {plural}"


def _say_ordinal(match: re.Match[str]) -> str:
    digits = match["number"].replace(",", "")
    return say_ordinal(int(digits)) if len(digits) <= _MAX_ORDINAL_DIGITS else f"{say_digits(digits)}th"


MEASURE_RULES: tuple[Rule, ...] = (
    rule(
        "decimal comma",
        rf"(?<![\w.,])(?P<whole>\d+),(?P<decimals>\d{{1,2}})(?=\s?(?:%|°|{_UNIT}|(?:euros?|lit(?:er|re)s?|met(?:er|re)s?|"
        r"kilo(?:gram|met(?:er|re))s?|degrees|percent)\b)(?!\w))",
        r"\g<whole>.\g<decimals>",
    ),
    rule("feet and inches", r"\b(?P<feet>\d{1,2})'\s?(?P<inches>\d{1,2})(?:\"|'')", _say_feet_and_inches),
    rule(
        "written feet and inches",
        r"\b(?P<feet>\d{1,2})\s?(?:ft|feet|foot)\.?,?\s(?P<inches>\d{1,2})\s?(?:ins?\b(?!\s(?:the|a|an|my|his|her|our|their|\d))|"
        r"inch(?:es)?\b)\.?(?=\s[a-z]|[,.;:!?)]|\s?$)",
        _say_feet_and_inches,
    ),
    rule(
        "degrees",
        rf"(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<last>\d+))?\s?(?:°(?:\s?(?P<scale>[CFK])\b)?|degrees?\s(?P<named>[CFK])\b)",
        _say_degrees,
    ),
    rule("percent", rf"(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<last>\d[\d.]*))?\s?(?P<sign>[%‰])", _say_percent),
    rule(
        "inches",
        rf"(?P<number>{_NUMBER})(?:\s?in\.(?=\s[a-z,(]|,)|(?<=\d)\"(?=\s(?:by|x|wide|long|tall)))",
        _say_inches,
    ),
    rule(
        "powered measure",
        rf"(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<last>\d+))?(?:\s(?P<scale>{_SCALES}))?(?P<hyphen>)\s?"
        rf"(?P<unit>{one_of(_POWERED)})"
        r"(?P<power>[²³]|[23]\b)",
        _say_measure,
    ),
    rule(
        "measure",
        rf"(?P<number>{_NUMBER})(?:\s?[-–]\s?(?P<last>\d[\d.]*))?(?:\s(?P<scale>{_SCALES}))?"
        rf"(?:\s?|(?P<hyphen>-))(?P<unit>{_UNIT})(?P<power>)(?![\w'/]|-[A-Za-z]){STOP}",
        _say_measure,
    ),
)

NUMBER_RULES: tuple[Rule, ...] = (
    rule("mixed number", r"(?:(?P<whole>\d+)[ -]?)?(?P<fraction>[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒])", _say_vulgar),
    rule("round the clock", r"\b24/7\b", "twenty-four seven"),
    rule("the eleventh", r"\b9/11\b", "nine eleven"),
    rule("clear sight", r"\b20/20\b", "twenty-twenty"),
    rule("fifty-fifty", r"\b50/50\b", "fifty-fifty"),
    rule(
        "fraction",
        r"(?<![\w/.,])(?:(?P<whole>\d+)[ -])?(?P<numerator>\d{1,3})/(?P<denominator>\d{1,3})(?![\w/])",
        _say_written_fraction,
    ),
    rule("power", r"(?P<base>\d+|\b[A-Za-z]{1,3})(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", _say_power),
    rule("raised note mark", r"(?<=\S)[⁰¹²³⁴⁵⁶⁷⁸⁹]+", ""),
    rule("house number", rf"\b(?P<number>\d{{3,4}})(?=(?:\s[A-Z][\w']+\.?){{1,3}}?\s{_STREETS}(?!\w))", _say_address),
    rule("house number and letter", r"\b(?P<number>\d{3})(?=[A-D]\b)", lambda m: _say_address(m) + " "),
    rule("ordinal", r"\b(?P<number>\d[\d,]*)(?:st|nd|rd|th)\b", _say_ordinal),
    rule("models in the plural", r"\b(?P<letters>[A-Z]{1,3})-?(?P<number>\d{1,3})'?s\b", _say_model_plural),
    rule("score", r"(?<![\w.])\d{1,2}(?:-\d{1,2}){2,}\b", lambda m: " ".join(map(say_number, m[0].split("-")))),
    rule(
        "range",
        rf"(?<![\w.,/-])(?P<first>{_FIGURES})\s?[-–]\s?(?P<last>{_FIGURES})(?![\w/-])",
        _say_range,
    ),
    rule(
        "ratio", r"\b(?P<first>\d+):(?P<last>\d+)\b", lambda m: f"{say_number(m['first'])} to {say_number(m['last'])}"
    ),
    rule("times", r"(?<=\d)[x×](?![\w])", " times"),
    rule("version", r"\b\d+(?:\.\d+){2,}\b", lambda m: " point ".join(map(say_number, m[0].split(".")))),
    rule("letters and figures", r"(?<=[A-Za-z])-?(?=\d)|(?<=\d)(?=[A-Za-z])", " "),
    rule(
        "figures before a hyphen",
        rf"(?<![\w.])(?P<number>{_FIGURES})(?=-[A-Za-z])",
        lambda m: say_number(m["number"]),
    ),
    rule("number", rf"(?<![\w.])[-+]?{_FIGURES}|(?<!\w)[-+]?\.\d+|\d+", _say_plain),
)
