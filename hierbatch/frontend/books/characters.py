"""Clean-up of text from a book: composed characters (NFC), no invisible characters, one line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Soft hyphens, joiners and byte order marks only control the layout and are never read aloud.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc]")
_DIVISION = re.compile(r"(?:chapter|part|book|volume|vol\.|act|scene|canto|stave|section|episode|no\.|제)", re.I)
_ENDS_WITH_MARK = re.compile(r"[.,:;!?…—–-]$")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def tidy(text: str) -> str:
    """Normalize text to NFC, remove invisible characters, and collapse white space."""
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def has_letters_or_digits(text: str) -> bool:
    """True if there is a letter or digit to read; a row of asterisks or an ellipsis alone is a pause."""
    return any(character.isalnum() for character in text)


def join_heading(lines: Sequence[str]) -> str:
    """Join the lines of a heading with full stops ("Chapter One. The River"), but not after a lone "Chapter"."""
    tidied = [line for line in map(tidy, lines) if line]
    stopped = [
        line if _ENDS_WITH_MARK.search(line) or _DIVISION.fullmatch(line) else f"{line}." for line in tidied[:-1]
    ]
    return " ".join([*stopped, *tidied[-1:]])


def letters_of(text: str) -> str:
    """Case-folded letters and digits of a text, for comparing titles that differ only in typography."""
    return "".join(character for character in text.casefold() if character.isalnum())
