"""Korean text normalization by ordered tables of rules.

Latin words other than letter names stay unchanged: the Korean phonemizer reads them as loanwords.
"""

from __future__ import annotations

import re

from hierbatch.errors import TextError
from hierbatch.frontend.characters import PLACEHOLDERS, SUPER_AND_SUBSCRIPTS, clean_characters, drop_foreign_letters
from hierbatch.frontend.foreign_words import refuse_foreign_text
from hierbatch.frontend.korean.amounts import MEASURE_RULES, NUMBER_RULES
from hierbatch.frontend.korean.foreign import spell_foreign_words
from hierbatch.frontend.korean.hanja import HANJA_RULES
from hierbatch.frontend.korean.letters import KOREAN_LETTER_RULES
from hierbatch.frontend.korean.numbers import say_digits
from hierbatch.frontend.rules import Rule, RuleTable, one_of, rule

_FIRST_SYLLABLE, _CODAS = 0xAC00, 28
_MAX_FIGURES, _MAX_WORD = 100, 500
_TOO_LONG = re.compile(rf"[\d.,〇零一二三四五六七八九]{{{_MAX_FIGURES + 1}}}|\S{{{_MAX_WORD + 1}}}")
_SYMBOLS = {
    "&": "앤드", "@": "골뱅이", "%": "퍼센트", "#": "샵", "+": "플러스", "=": "은", "×": "곱하기", "÷": "나누기",
    "$": "달러", "€": "유로", "£": "파운드", "₩": "원", "°": "도", "±": "플러스 마이너스", "∞": "무한대", "§": "절",
    "α": "알파", "β": "베타", "γ": "감마", "δ": "델타", "θ": "세타", "λ": "람다", "μ": "뮤", "µ": "뮤", "π": "파이",
    "σ": "시그마", "φ": "파이", "ω": "오메가", "Δ": "델타", "Ω": "오메가",
}  # fmt: skip
_PARTICLE_PAIRS = {
    "을(를)": ("을", "를"), "를(을)": ("을", "를"), "을/를": ("을", "를"),
    "은(는)": ("은", "는"), "는(은)": ("은", "는"), "은/는": ("은", "는"),
    "이(가)": ("이", "가"), "가(이)": ("이", "가"), "이/가": ("이", "가"),
    "와(과)": ("과", "와"), "과(와)": ("과", "와"), "(으)로": ("으로", "로"), "(이)": ("이", ""),
}  # fmt: skip
_PARTICLES = (
    "을|를|은|는|이|가|의|에|에서|에게|로|으로|와|과|도|만|처럼|부터|까지|이나|나|보다|이라는|라는|이라고|라고|이란|란|이며|"
    "이다|입니다|이었다|였다|하고"
)
_ADDRESS_MARKS = {
    ".": "점",
    "/": "슬래시",
    "@": "골뱅이",
    "-": "대시",
    "_": "밑줄",
    ":": "콜론",
    "?": "물음표",
    "=": "등호",
    "&": "앤드",
    "%": "퍼센트",
    "~": "물결",
    "#": "샵",
}


def _has_coda(syllable: str) -> bool:
    return (ord(syllable) - _FIRST_SYLLABLE) % _CODAS != 0


def _choose_particle(match: re.Match[str]) -> str:
    closed, opened = _PARTICLE_PAIRS[match["pair"]]
    return match["noun"] + (closed if _has_coda(match["noun"]) else opened)


def _say_equals(match: re.Match[str]) -> str:
    return f"{match['before']}{'은' if _has_coda(match['before']) else '는'} "


def _say_address(match: re.Match[str]) -> str:
    written = re.sub(r"^(?:https?|ftp)://", "", match["address"]).rstrip("/")
    words = []
    for token in re.findall(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]", written):
        if token.isdecimal():
            words.append(say_digits(token))
        elif token.isalpha():
            words.append(
                {"www": "더블유더블유더블유", "com": "컴", "net": "넷", "kr": "케이아르", "co": "시오"}.get(
                    token.lower(), token
                )
            )
        else:
            words.append(_ADDRESS_MARKS.get(token, ""))
    return " ".join(filter(None, words))


_BEFORE_RULES: tuple[Rule, ...] = (
    rule(
        "address",
        r"(?P<address>[A-Za-z\d_.+-]+@[A-Za-z\d-]+(?:\.[A-Za-z][A-Za-z\d-]*)+|\b(?:https?://|www\.)[\w./?=&%~:#-]*[A-Za-z\d/]"
        r"|(?<![\w@.])(?:[A-Za-z\d-]+\.)+(?:com|net|org|kr|io|ai|jp|uk|edu|gov|info)(?![A-Za-z\d.-])(?:/[A-Za-z\d./?=&%~:#_-]*[A-Za-z\d])?)",
        _say_address,
    ),
    rule(
        "particle by the sound before",
        rf"(?P<noun>[가-힣])(?P<pair>{one_of(_PARTICLE_PAIRS)})",
        _choose_particle,
    ),
    rule("hidden name", r"[○◯〇Ｏ×]{2,}", lambda m: "땡" * len(m[0])),
    rule("note", r"\[\d+\]", ""),
    rule("empty brackets", r"\(\s*\)", ""),
)
_AFTER_RULES: tuple[Rule, ...] = (
    rule("squared", r"(?<=\w)\s?²", " 제곱"),
    rule("cubed", r"(?<=\w)\s?³", " 세제곱"),
    rule("equals", r"(?P<before>[가-힣])\s?=\s?", _say_equals),
    rule("symbol", f"[{re.escape(''.join(_SYMBOLS))}]", lambda m: f" {_SYMBOLS[m[0]]} "),
    rule("dash", r"\s?—\s?|\s[-–~]+\s", ", "),
    rule(
        "parenthesis before a particle",
        rf"\s?\((?P<inside>[^()]*)\)(?P<particle>{_PARTICLES})(?![가-힣])",
        r"\g<particle>, \g<inside>, ",
    ),
    rule("parenthesis", r"\s?[(\[]\s?|\s?[)\]]\s?", ", "),
    rule("quote", r"\"|(?<![A-Za-z])'|'(?![A-Za-z])", ""),
    rule("pause", r"[;:]+", ","),
    rule("between equals", r"·|/", " "),
    rule("other", rf"[^\w\s,.?!…'{PLACEHOLDERS}-]|[_{SUPER_AND_SUBSCRIPTS}]", " "),
    rule("lone hyphen", r"-+", " "),
    rule("trailing dots", r"\s?…\s?(?=[,.?!])|\s?…\s?$", ""),
    rule("dots", r"\s?…", ","),
    rule("marks", r"(?:\s*[,.?!])+", lambda m: next(mark for mark in "?!.," if mark in m[0])),
    rule("leading marks", r"^[\s,.?!]+", ""),
    rule("space after a mark", r"(?<=[,.?!])(?=\w)", " "),
)

KOREAN_RULES = RuleTable(
    (
        *_BEFORE_RULES,
        *HANJA_RULES,
        *MEASURE_RULES,
        *KOREAN_LETTER_RULES,
        *NUMBER_RULES,
        *_AFTER_RULES,
    )
)
"""All rules of Korean, in the order of their application."""


def normalize_korean(text: str) -> str:
    """Normalize Korean text to words as read aloud, with the marks , . ? ! for pauses and intonation.

    Raises:
        TextError: most of the text is in an unsupported script, or it contains a number or word that is too long.

    >>> normalize_korean("오후 3시 30분에 20살 학생 5명이 인간(人間)을 1,500원에 그렸다.")
    '오후 세 시 삼십 분에 스무 살 학생 다섯 명이 인간을 천오백 원에 그렸다.'
    """
    if too_long := _TOO_LONG.search(text):
        raise TextError(
            "The text contains a number or word that is too long to read aloud",
            expected=f"at most {_MAX_FIGURES} figures or {_MAX_WORD} characters without a space",
            got=f"{too_long[0][:20]}...",
            fix="remove it, or write it as words with spaces",
        )
    cleaned = clean_characters(text)
    refuse_foreign_text(cleaned, hanja=True)
    cleaned = drop_foreign_letters(spell_foreign_words(cleaned), hanja=True)
    return " ".join(KOREAN_RULES.apply(cleaned).split())
