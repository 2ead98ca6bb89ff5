"""Recognition of tables that contain prose, such as the dialogue of a play, and not data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.markup import EPUB_TYPE, local_name

_PROSE_TYPES = re.compile(r"\b(?:z3998:)?(?:persona|drama|dialogue|speaker)\b", re.I)
_ENDS_A_SENTENCE = re.compile(r"""[.!?…。—–-]["'”’»」』)\]]*$""")
_WORD = re.compile(r"[^\W\d_]{2,}")
_MIN_WORDS, _MIN_WORDS_OPEN = 2, 12
_MIN_ROW_SHARE = 0.5
_MAX_COLUMNS = 4
_MAX_NAME_CHARACTERS = 40


def is_prose(table: etree._Element) -> bool:
    """True for a table marked as a play, or with at most four columns and prose in at least half of its rows."""
    rows = list(_rows(table))
    if any(_PROSE_TYPES.search(_kinds(cell)) for element in (table, *rows) for cell in (element, *element)):
        return True
    texts = [[tidy("".join(cell.itertext())) for cell in row if local_name(cell) in ("td", "th")] for row in rows]
    filled = [row for row in texts if any(row)]
    if not filled or max(map(len, filled)) > _MAX_COLUMNS:
        return False
    return sum(any(map(_is_prose, row)) for row in filled) >= _MIN_ROW_SHARE * len(filled)


def separator_after(text: str) -> str | None:
    """Separator between a speaker's name and the speech after it; None if the text is empty or too long for a name."""
    name = tidy(text)
    if not name or len(name) > _MAX_NAME_CHARACTERS:
        return None
    return " " if name[-1] in ".,:;!?…—–-" else ": "


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for child in table:
        name = local_name(child)
        if name == "tr":
            yield child
        elif name in ("tbody", "thead", "tfoot"):
            yield from (row for row in child if local_name(row) == "tr")


def _kinds(element: etree._Element) -> str:
    return f"{element.get(EPUB_TYPE) or element.get('epub:type') or ''} {element.get('class', '')}"


def _is_prose(text: str) -> bool:
    n_words = len(_WORD.findall(text))
    return n_words >= (_MIN_WORDS if _ENDS_A_SENTENCE.search(text) else _MIN_WORDS_OPEN)
