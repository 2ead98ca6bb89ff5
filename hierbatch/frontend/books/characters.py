"""Characters as a book holds them -> characters as they are read: composed, visible, on one line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Soft hyphens, joiners and byte order marks steer the printing of a line and are never read.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc]")
_ENDS_WITH_MARK = re.compile(r"[.,:;!?…—–-]$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def tidy(text: str) -> str:
    """Text in Unicode form NFC without invisible characters, every run of white space one space."""
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def is_spoken(text: str) -> bool:
    """Whether there is any letter or digit to read; a row of asterisks or an ellipsis alone is a silence."""
    return any(character.isalnum() for character in text)


def join_heading(lines: Sequence[str]) -> str:
    """A heading that is set over several lines, read with a stop at each break: "Chapter One. The River"."""
    tidied = [line for line in map(tidy, lines) if line]
    stopped = [line if _ENDS_WITH_MARK.search(line) else f"{line}." for line in tidied[:-1]]
    return " ".join([*stopped, *tidied[-1:]])


def letters_of(text: str) -> str:
    """Letters and digits alone, in one case: two titles that differ only in print are equal."""
    return "".join(character for character in text.casefold() if character.isalnum())
