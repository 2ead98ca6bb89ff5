"""Project Gutenberg's frame: the header and licence around a text, and what the header says about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_START = re.compile(r"^\W*START OF (?:THE|THIS) PROJECT GUTENBERG E(?:BOOK|TEXT)", re.I)
_SMALL_PRINT_END = re.compile(r"^\W*END\W+THE SMALL PRINT", re.I)
_END = re.compile(
    r"^\W*END OF (?:THE |THIS )?PROJECT GUTENBERG|^\W*START: FULL LICENSE|^THE FULL PROJECT GUTENBERG LICENSE", re.I
)
_FIELD = re.compile(r"^(Title|Author|Language):\s*(\S.*)$")
_LANGUAGE_TAGS = {"english": "en", "korean": "ko"}


@dataclass(frozen=True, slots=True)
class GutenbergHeader:
    """What a header tells of the book; empty where it is silent."""

    title: str = ""
    author: str = ""
    language: str = ""


def body_span(lines: Sequence[str]) -> tuple[int, int]:
    """First and past-the-last index of the lines (or paragraphs) that belong to the book itself."""
    begin = 0
    for index, line in enumerate(lines):
        if _START.match(line) or _SMALL_PRINT_END.match(line):
            begin = index + 1
    ends = (index for index in range(begin, len(lines)) if _END.match(lines[index]))
    return begin, next(ends, len(lines))


def read_header(lines: Sequence[str]) -> GutenbergHeader:
    """Title, author and language of a header's lines, the language as a tag where it is one this program knows."""
    fields: dict[str, str] = {}
    for line in lines:
        if match := _FIELD.match(line.strip("\ufeff").rstrip()):
            fields.setdefault(match.group(1), match.group(2).strip())
    language = fields.get("Language", "").casefold()
    return GutenbergHeader(fields.get("Title", ""), fields.get("Author", ""), _LANGUAGE_TAGS.get(language, language))
