"""Project Gutenberg header and license: their extent, and the metadata in the header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.frontend.books.language_tags import language_of_tag

_START = re.compile(r"^\W*START OF (?:THE|THIS) PROJECT GUTENBERG E(?:BOOK|TEXT)", re.I)
_SMALL_PRINT_END = re.compile(r"^\W*END\W+THE SMALL PRINT", re.I)
_END = re.compile(
    r"^\W*END OF (?:THE |THIS )?PROJECT GUTENBERG|^\W*START: FULL LICENSE|^THE FULL PROJECT GUTENBERG LICENSE", re.I
)
_FIELD = re.compile(r"^(Title|Author|Language):\s*(\S.*)$")


@dataclass(frozen=True, slots=True)
class GutenbergHeader:
    """Metadata in the header of a book; absent fields are empty."""

    title: str = ""
    author: str = ""
    language: str = ""


def body_span(lines: Sequence[str]) -> tuple[int, int]:
    """Index of the first line or paragraph of the book itself, and the index after its last."""
    begin = 0
    for index, line in enumerate(lines):
        if _START.match(line) or _SMALL_PRINT_END.match(line):
            begin = index + 1
    ends = (index for index in range(begin, len(lines)) if _END.match(lines[index]))
    return begin, next(ends, len(lines))


def read_header(lines: Sequence[str]) -> GutenbergHeader:
    """Read title, author and language from the lines of a header; a supported language is returned as `en` or `ko`."""
    fields: dict[str, str] = {}
    for line in lines:
        if match := _FIELD.match(line.strip("\ufeff").rstrip()):
            fields.setdefault(match.group(1), match.group(2).strip())
    language = fields.get("Language", "").casefold()
    return GutenbergHeader(fields.get("Title", ""), fields.get("Author", ""), language_of_tag(language))
