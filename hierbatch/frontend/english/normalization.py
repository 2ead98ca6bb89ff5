"""English text normalization by ordered tables of rules.

The order matters: addresses come before every rule that reads dots, money and dates come before plain numbers, and
letters are spelled after every rule that reads letters as something else.
"""

from __future__ import annotations

import re

from hierbatch.frontend.characters import (
    PLACEHOLDERS,
    SUPER_AND_SUBSCRIPTS,
    clean_characters,
    drop_foreign_letters,
    refuse_long_numbers,
)
from hierbatch.frontend.english.abbreviations import ABBREVIATION_RULES
from hierbatch.frontend.english.addresses import ADDRESS_RULES
from hierbatch.frontend.english.dates import DATE_RULES, TIME_RULES, YEAR_RULES
from hierbatch.frontend.english.letters import LETTER_RULES
from hierbatch.frontend.english.money import MONEY_RULES
from hierbatch.frontend.english.roman import ROMAN_RULES
from hierbatch.frontend.english.scripture import SCRIPTURE_RULES
from hierbatch.frontend.english.serials import SERIAL_RULES, TELEPHONE_RULES
from hierbatch.frontend.english.units import MEASURE_RULES, NUMBER_RULES
from hierbatch.frontend.foreign_words import refuse_foreign_text, romanize_foreign_words
from hierbatch.frontend.rules import Rule, RuleTable, one_of, rule

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho",
    "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Δ": "delta",
    "Σ": "sigma", "Ω": "omega", "µ": "mu",
}  # fmt: skip
_SYMBOLS = {
    "&": "and", "@": "at", "%": "percent", "$": "dollars", "£": "pounds", "€": "euros", "=": "equals", "×": "times",
    "÷": "divided by", "±": "plus or minus", "§": "section", "©": "copyright", "°": "degrees", "∞": "infinity",
    "√": "square root of", "≈": "is about", "≠": "is not", "≤": "is at most", "≥": "is at least", "¶": "paragraph",
}  # fmt: skip
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_ELISIONS = {
    "'tis": "tis", "'twas": "twas", "'twere": "twere", "'twill": "twill", "'em": "em", "'cause": "cause",
    "'til": "till",
    "'till": "till", "'bout": "bout", "'round": "round", "o'er": "o'er", "e'er": "e'er", "ne'er": "ne'er",
}  # fmt: skip

_MARK_RULES: tuple[Rule, ...] = (
    rule("tag", r"</?(?:b|i|em|strong|u|s|br|p|span|a|sup|sub|small|q)(?:\s[^<>]{0,200})?/?>", ""),
    rule("plus plus", r"\b(?P<name>[A-Z])\+\+(?!\w)", r"\g<name> plus plus"),
    rule("sharp", r"\b(?P<name>[A-G])#(?!\w)", r"\g<name> sharp"),
    rule("subscript", r"(?<=[A-Za-z)])[₀-₉]+", lambda m: f" {m[0].translate(_SUBSCRIPTS)} "),
    rule("number sign", r"#\s?(?=\d)", "number "),
    rule("hash tag", r"#(?=[A-Za-z])", "hashtag "),
    rule("about", r"~\s?(?=[\d$£€])", "about "),
    rule("plus", r"(?<=[\w)])(?:\s\+\s|\+)(?=[\w(])", " plus "),
    rule("grade", r"(?<=\b[A-F])\+(?=\s|[.,;:!?)]|$)", " plus"),
    rule("lower grade", r"(?<=\b[A-F])-(?=\s(?:in|on|for|average|student)\b)", " minus"),
    rule("minus", r"(?<=\d)\s-\s(?=\d+\s?=)", " minus "),
    rule("or", r"\b(?P<one>[Hh]e|[Ss]he|[Hh]is|[Hh]im)/(?P<other>she|he|hers?|him|his)\b", r"\g<one> or \g<other>"),
    rule("and or", r"\b(?P<and>[Aa]nd)/or\b", r"\g<and> or"),
    rule("less", r"(?<=[\w)])(?:\s<\s|<)(?=\d)", " is less than "),
    rule("more", r"(?<=[\w)])(?:\s>\s|>)(?=\d)", " is greater than "),
    rule("less at the beginning", r"(?<![\w)])<\s?(?=\d)", "less than "),
    rule("more at the beginning", r"(?<![\w)])>\s?(?=\d)", "more than "),
    rule("note", r"\[(?:\d+|\*|[a-z]|note[^\]]*)\]", ""),
)
_SYMBOL_RULES: tuple[Rule, ...] = (
    rule("slash", r"(?<=[A-Za-z])\s?/\s?(?=[A-Za-z])", " slash "),
    rule("symbol", rf"[{re.escape(''.join(_SYMBOLS))}]", lambda m: f" {_SYMBOLS[m[0]]} "),
    rule("greek", rf"[{''.join(_GREEK)}]", lambda m: f" {_GREEK[m[0]]} "),
)
_PUNCTUATION_RULES: tuple[Rule, ...] = (
    rule("elision", rf"(?i:(?<!\w)(?:{one_of(_ELISIONS)})(?!\w))", lambda m: _keep_case(m[0])),
    rule("of", r"(?<!\w)[Oo]'(?=\s[a-z])", "of"),
    rule("dash", r"\s?—\s?|\s[-–]+\s|(?<=\w)–(?=\w)", ", "),
    rule("parenthesis", r"\s?[(\[]\s?|\s?[)\]]\s?", ", "),
    rule("quote", rf"\"|(?<![\w{PLACEHOLDERS}])'+|'+(?!\w)", ""),
    rule("pause", r"[;:]+", ","),
    rule("other", rf"[^\w\s,.?!…'{PLACEHOLDERS}-]|[_{SUPER_AND_SUBSCRIPTS}]", " "),
    rule("lone hyphen", r"(?<!\w)-+|-+(?!\w)", " "),
    rule("trailing dots", r"\s?…\s?(?=[,.?!])|\s?…\s?$", ""),
    rule("dots", r"\s?…", ","),
    rule("marks", r"(?<!\s)(?:\s*+[,.?!])++", lambda m: _strongest_mark(m[0])),
    rule("leading marks", r"^[\s,.?!]+", ""),
    rule("space after a mark", r"(?<=[,.?!])(?=\w)", " "),
)

ENGLISH_RULES = RuleTable(
    (
        *ADDRESS_RULES,
        *SERIAL_RULES,
        *SCRIPTURE_RULES,
        *_MARK_RULES,
        *ROMAN_RULES,
        *MONEY_RULES,
        *DATE_RULES,
        *TIME_RULES,
        *TELEPHONE_RULES,
        *MEASURE_RULES,
        *ABBREVIATION_RULES,
        *YEAR_RULES,
        *NUMBER_RULES,
        *LETTER_RULES,
        *_SYMBOL_RULES,
        *_PUNCTUATION_RULES,
    )
)
"""All rules of English, in the order of their application."""


def normalize_english(text: str) -> str:
    """Normalize English text to words as read aloud, with the marks , . ? ! for pauses and intonation.

    In the result, a capital A is the letter; the article is in lower case.

    Raises:
        TextError: most of the text is in an unsupported script, or a number in it has 300 digits or more.

    >>> normalize_english("Mr. Brown paid $3.50 at 3:45 p.m. — for No. 5!")
    'Mister Brown paid three dollars and fifty cents at three forty-five P M, for Number five!'
    """
    refuse_long_numbers(text)
    cleaned = clean_characters(text)
    refuse_foreign_text(cleaned, hanja=False)
    cleaned = drop_foreign_letters(romanize_foreign_words(cleaned), hanja=False)
    return " ".join(ENGLISH_RULES.apply(cleaned).split())


def _keep_case(elided: str) -> str:
    spoken = _ELISIONS[elided.lower()]
    return spoken.capitalize() if elided[1:2].isupper() else spoken


def _strongest_mark(marks: str) -> str:
    """Reduce several marks to the strongest: "?!" to a question mark, ", ." to a full stop."""
    return next(mark for mark in "?!.," if mark in marks)
