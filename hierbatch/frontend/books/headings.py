"""Detection of headings and their rank in plain English and Korean text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

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
    (CHAPTER, re.compile(rf"(?i:chapter|adventure|stave|canto|letter|episode|scene)\s+{_NUMERAL}{_TITLE}")),
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
        "작가 후기",
        "작가후기",
        "지은이의 말",
        "외전",
        "번외",
        "후일담",
        "부칙",
        "부록",
    ]
)
_KOREAN_NUMBERED = (
    re.compile(r"[Ⅰ-Ⅻ]{1,3}\s*[.)]\s*(?P<title>\S.*)"),
    re.compile(r"(?:첫|둘|셋|넷|다섯|여섯|일곱|여덟|아홉|열)\s?(?:번?째)\s(?:마당|이야기)(?P<title>)"),
)
_KOREAN_EXTRA = re.compile(
    r"[<\[〈《【(]\s*(?:외전|번외|특별편|후일담|프롤로그|에필로그)\s*\d{0,3}\s*[>\]〉》】)]\s*(?P<title>.*)"
)
_BRACKETED = re.compile(r"<([^<>]+)>|\[([^\[\]]+)\]|〈([^〈〉]+)〉|《([^《》]+)》|【([^【】]+)】")
_CHAPTER_NUMERAL = re.compile(
    r"(?i:chapter|adventure|stave|canto|letter|episode)\s+(?P<numeral>\d{1,3}|[IVXLC]{1,8})\b"
)
_NUMBERED = re.compile(r"(?P<numeral>\d{1,3}|[IVXLC]{1,8})(?:[.)]\s*(?P<title>\S.{0,60})?)?")
_ENDS_A_SENTENCE = re.compile(r"[.,;…]$|[다요죠]\W*$")
_LONGEST_HEADING = 90
_MIN_SECTION_CHARACTERS = 300
_LONGEST_CAPITAL_TITLE, _MIN_CAPITALS, _MIN_PROSE_CHARACTERS, _MIN_TITLED_CHARACTERS = 60, 4, 100, 150
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def heading_rank(line: str) -> int | None:
    """Rank of a heading, recognized by its words: PART, CHAPTER or SECTION; None for other lines."""
    line = " ".join(line.split())
    if len(line) > _LONGEST_HEADING or not line[:1].strip():
        return None
    if bracketed := _BRACKETED.fullmatch(line):
        line = next(filter(None, bracketed.groups())).strip()
        if not line or _BRACKETED.fullmatch(line):
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
    others = (*(pattern.fullmatch(line) for pattern in _KOREAN_NUMBERED), _KOREAN_EXTRA.fullmatch(line))
    return CHAPTER if any(match and not _is_sentence(match["title"]) for match in others) else None


def numbered_chapters(paragraphs: Sequence[str]) -> list[int]:
    """Find headings of chapters that have a number and a title in capitals, such as "VII. THE BLUE CARBUNCLE".

    The numbers start at one, or continue from a heading with a word before its number ("ADVENTURE VI. ...").

    Returns:
        Indices of the paragraphs that are such headings; empty if there is only one chapter.
    """
    found: list[int] = []
    last = n_named = 0
    for index, text in enumerate(paragraphs):
        if len(text) > _LONGEST_HEADING:
            continue
        named, match = _CHAPTER_NUMERAL.match(text), _NUMBERED.fullmatch(text)
        if named:
            last, n_named = numeral_value(named["numeral"]) or last, n_named + 1
        elif match and match["title"] and match["title"].isupper() and numeral_value(match["numeral"]) == last + 1:
            found.append(index)
            last += 1
    return found if len(found) + n_named > 1 else []


def capital_titles(paragraphs: Sequence[str]) -> list[int]:
    """Find titles in capitals that precede a long paragraph, in a text without other headings.

    Returns:
        Indices of the titles; empty if there is only one, or too little text between them.
    """
    found = [
        index
        for index, (text, following) in enumerate(pairwise(paragraphs))
        if _is_capital_title(text) and len(following) >= _MIN_PROSE_CHARACTERS
    ]
    between = sum(len(text) for text in paragraphs[found[0] :]) if found else 0
    return found if len(found) > 1 and between > _MIN_TITLED_CHARACTERS * len(found) else []


def _is_capital_title(text: str) -> bool:
    n_letters = sum(character.isalpha() for character in text)
    is_short = len(text) <= _LONGEST_CAPITAL_TITLE and n_letters >= _MIN_CAPITALS
    return is_short and text.isupper() and not _ENDS_A_SENTENCE.search(text) and text[-1] not in "!?:\"”'’"


def numbered_sections(paragraphs: Sequence[str], ranks: Sequence[int] = ()) -> list[int]:
    """Find the numbered headings of the sections of a text: 1, 2, 3 or I, II, III, with or without a title.

    Headings count only if the numbers start at one without a gap and there is enough text between the headings, since
    lists and the steps of a recipe are numbered too. Numbers without titles may restart in each chapter.

    Args:
        paragraphs: paragraphs of the text.
        ranks: rank of each paragraph by `heading_rank`, 0 if it is no heading; empty if no ranks are known.

    Returns:
        Indices of the paragraphs that are such headings.
    """
    found: list[int] = []
    last = 0
    for index, text in enumerate(paragraphs):
        rank = ranks[index] if ranks else 0
        match = _NUMBERED.fullmatch(text) if len(text) <= _LONGEST_HEADING else None
        if rank in (PART, CHAPTER) and index + 1 < len(paragraphs):
            following = _NUMBERED.fullmatch(paragraphs[index + 1][:_LONGEST_HEADING])
            last = 0 if following and not following["title"] else last
        elif match and not rank and numeral_value(match["numeral"]) == last + 1 and not _is_sentence(match["title"]):
            found.append(index)
            last += 1
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
