"""Line breaks inside a paragraph: a line of verse ends with a pause, an empty line separates paragraphs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

from hierbatch.frontend.books.characters import has_letters_or_digits, tidy

HARD_BREAK = "\u2028"
"""Placeholder for `<br/>`; a line end in the source of a page is only a space."""

SOFT_BREAK = "\u2029"
"""Placeholder for the end of a line of verse that has its own element; two in a row do not count as an empty line."""

_BREAKS = re.compile(f"[{HARD_BREAK}{SOFT_BREAK}]+")
_ENDS_WITH_MARK = re.compile(r"""[.,:;!?…。—–\-~]["'”’»」』)\]]*$""")
_FULL_LINE_COLUMNS = 60

Source = TypeVar("Source")


def split_at_empty_lines(pieces: Iterable[tuple[str, Source]]) -> list[list[tuple[str, Source]]]:
    """Split the pieces of a block where two hard breaks have only white space between them."""
    parts: list[list[tuple[str, Source]]] = [[]]
    follows_break = False
    for piece in pieces:
        if piece[0] == HARD_BREAK:
            if follows_break:
                parts.append([])
            follows_break = True
        elif piece[0].strip():
            follows_break = False
        parts[-1].append(piece)
    return parts


def split_at_breaks(text: str) -> list[str]:
    """Split a text into its lines."""
    return _BREAKS.split(text)


def join_lines(lines: Sequence[str]) -> str:
    """Join the lines of a paragraph, with a comma after a line of verse that ends without punctuation.

    A full line that continues in lower case is wrapped prose and is joined without a comma.

    >>> join_lines(["Grey sky", "grey sea;", "and one white sail"])
    'Grey sky, grey sea; and one white sail'
    """
    tidied = [line for line in map(tidy, lines) if line]
    joined = tidied[:1]
    for line, following in pairwise(tidied):
        joined += ["," if _needs_pause(line, following) else "", " ", following]
    return "".join(joined)


def _needs_pause(line: str, following: str) -> bool:
    if (
        _ENDS_WITH_MARK.search(line)
        or following[0] in "(["
        or not has_letters_or_digits(line)
        or not has_letters_or_digits(following)
    ):
        return False
    is_full = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line) >= _FULL_LINE_COLUMNS
    return not (is_full and not following[0].isupper())
