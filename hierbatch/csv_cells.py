"""Text cells of CSV tables that a spreadsheet would run as a formula: written with an apostrophe, read without it."""

from __future__ import annotations

import re

FORMULA = r"'*[=+\-@\t\r]"
"""Beginning of a cell that spreadsheets calculate, with any apostrophes that are part of the text."""

_FORMULA = re.compile(FORMULA)


def protect_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula.

    >>> [protect_cell(text) for text in ("=1+1", "- Hello", "Hello", "'=1")]
    ["'=1+1", "'- Hello", 'Hello', "''=1"]
    """
    return f"'{text}" if _FORMULA.match(text) else text


def restore_cell(text: str) -> str:
    """Remove the apostrophe of `protect_cell`.

    >>> [restore_cell(text) for text in ("'=1+1", "'tis", "=1")]
    ['=1+1', "'tis", '=1']
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
