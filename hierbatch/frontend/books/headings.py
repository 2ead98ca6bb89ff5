"""Detection of headings and their rank in plain English and Korean text."""

from __future__ import annotations

import re
from collections.abc import Sequence

PART, CHAPTER, SECTION = 1, 2, 3

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\\w+)?|"
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last"
)
_NUMERAL = rf"(?:[IVXLC]{{1,8}}|(?i:\d{{1,3}}|(?:the\s+)?(?:{_NUMBER_WORDS})))\b"
# A title must follow a punctuation mark or begin with a capital: "Part of the way" and "Book 1 was sold" are sentences.
_TITLE = r"(?:\s*[.:)—–-]+\s*(?P<marked>\S.*)?|\s+(?P<bare>[^a-z\s].*))?"
_ENGLISH = (
    (PART, re.compile(rf"(?i:part|book|volume|act)\s+{_NUMERAL}{_TITLE}")),
    (CHAPTER, re.compile(rf"(?i:chapter|stave|canto|letter|episode|scene)\s+{_NUMERAL}{_TITLE}")),
    (SECTION, re.compile(rf"(?i:section)\s+{_NUMERAL}{_TITLE}")),
)
_ENGLISH_ALONE_NAMES = (
    "prologue epilogue preface foreword introduction afterword interlude conclusion appendix postscript"
)
_ENGLISH_ALONE = frozenset(_ENGLISH_ALONE_NAMES.split())
_KOREAN_NUMBER = r"(?:\d{1,3}|[일이삼사오육칠팔구십백]{1,4}|[一二三四五六七八九十百]{1,4}|[IVXⅠ-Ⅻ]{1,5})"
_KOREAN_TITLE = r"(?:\s*[.:)—–-]+\s*|\s+)(?P<title>\S.*)"
_KOREAN = (
    (PART, re.compile(rf"(?:제\s*{_KOREAN_NUMBER}|\d{{1,3}})\s*(?:부|권|편|막)(?:{_KOREAN_TITLE})?")),
    (CHAPTER, re.compile(rf"(?:제\s*{_KOREAN_NUMBER}|\d{{1,3}})\s*(?:장|화|회|과|강)(?:{_KOREAN_TITLE})?")),
    (SECTION, re.compile(rf"(?:제\s*{_KOREAN_NUMBER}|\d{{1,3}})\s*(?:절|관)(?:{_KOREAN_TITLE})?")),
)
_KOREAN_ALONE = frozenset(
    [
        "프롤로그",
        "에필로그",
        "머리말",
        "서문",
        "서장",
        "종장",
        "들어가며",
        "맺음말",
        "후기",
        "작가의 말",
        "부칙",
        "부록",
    ]
)
_NUMBERED = re.compile(r"(?P<numeral>\d{1,3}|[IVXLC]{1,8})(?:[.)]\s*(?P<title>\S.{0,60})?)?")
_ENDS_A_SENTENCE = re.compile(r"[.,;…]$|[다요죠]\W*$")
_LONGEST_HEADING = 90
_MIN_SECTION_CHARACTERS = 300
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def heading_rank(line: str) -> int | None:
    """Rank of a line that is a heading by its words: PART, CHAPTER or SECTION; None for other lines."""
    line = " ".join(line.split())
    if len(line) > _LONGEST_HEADING or not line[:1].strip():
        return None
    if line.strip(" .:").casefold() in _ENGLISH_ALONE or line.strip(" .:[]<>") in _KOREAN_ALONE:
        return CHAPTER
    if line[0].isupper():
        for rank, pattern in _ENGLISH:
            if (match := pattern.fullmatch(line)) and not _is_sentence(match["bare"]):
                return rank
    for rank, pattern in _KOREAN:
        if (match := pattern.fullmatch(line)) and not _is_sentence(match["title"]):
            return rank
    return None


def numbered_sections(paragraphs: Sequence[str]) -> list[int]:
    """Find the paragraphs that number the sections of a text: 1, 2, 3 or I, II, III, with or without a title.

    They count only if the numbers run from one without a gap and there is enough text between them, since lists and
    the steps of a recipe are numbered too.

    Returns:
        Indices of the paragraphs.
    """
    found: list[int] = []
    for index, text in enumerate(paragraphs):
        match = _NUMBERED.fullmatch(text)
        if match and numeral_value(match["numeral"]) == len(found) + 1 and not _is_sentence(match["title"]):
            found.append(index)
    between = sum(len(text) for text in paragraphs[found[0] :]) if found else 0
    return found if len(found) > 1 and between > _MIN_SECTION_CHARACTERS * len(found) else []


def numeral_value(numeral: str) -> int | None:
    """Value of an Arabic or well-formed Roman numeral; None for anything else.

    >>> [numeral_value(text) for text in ("12", "XIV", "IC", "mix")]
    [12, 14, None, None]
    """
    if numeral.isascii() and numeral.isdigit():
        return int(numeral)
    if not re.fullmatch(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})", numeral) or not numeral:
        return None
    values = [_ROMAN[letter] for letter in numeral]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def _is_sentence(title: str | None) -> bool:
    return bool(title and _ENDS_A_SENTENCE.search(title))
