"""Quotations in paragraphs of English and Korean books.

The finder knows paired marks (double and single, curved and straight, corner brackets, guillemets), quotations that
continue over several paragraphs without a closing mark, dialogue after a dash, and scripts (`NAME: ...`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PAIRS = {"“": "”", "«": "»", "「": "」", "『": "』", "„": "“"}
_SINGLE_OPENING = re.compile(r"(?<![\w’'])[‘'](?=[\w“\"—…])")
_SINGLE_CLOSING = re.compile(r"[’'](?![\w])")
_DASH = re.compile(r"\s*[—–―]\s*(?=\S)")
_SCRIPT = re.compile(r"\s*(?P<name>[^\W\d_][^:：.!?\n]{0,30}?)\s*[:：]\s+(?=\S)")
_MIN_SCRIPT_SHARE = 0.3
_MIN_SCRIPT_REPEATS = 2
_WHOLE_SCRIPT_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a paragraph: character range, and whether it is direct speech."""

    start: int
    end: int
    is_quote: bool
    speaker: str = ""
    """Speaker named by a script; empty if the text does not name one before a colon."""


def split_quotations(paragraphs: Sequence[str]) -> list[list[Span]]:
    """Divide every paragraph into narration and quotations; the spans of a paragraph cover it without gaps.

    Args:
        paragraphs: text of consecutive paragraphs of one chapter.
    """
    if script := _script_spans(paragraphs):
        return script
    single = _prefers_single(paragraphs)
    dashes = _uses_dashes(paragraphs)
    result: list[list[Span]] = []
    is_open = False
    for text in paragraphs:
        quotes, is_open = _paired(text, single=single, continues=is_open)
        if not quotes and dashes and (dash := _DASH.match(text)):
            quotes = [(dash.end(), len(text))]
        result.append(_fill(quotes, len(text)))
    return result


def _paired(text: str, *, single: bool, continues: bool) -> tuple[list[tuple[int, int]], bool]:
    """Ranges of quotations, quotation marks included, and whether the last quotation remains open."""
    quotes: list[tuple[int, int]] = []
    position = 0
    while opening := _next_opening(text, position, single=single):
        start, closing = opening
        end = _closing(text, start + 1, closing)
        if end is None:
            # Without a closing mark a quotation ends with its paragraph, and the next one continues it.
            return [*quotes, (start, len(text))], True
        quotes.append((start, end))
        position = end
    if not quotes and continues:
        end = _closing(text, 0, "”")
        return ([(0, end)], False) if end else ([], False)
    return quotes, False


def _next_opening(text: str, start: int, *, single: bool) -> tuple[int, str] | None:
    found: list[tuple[int, str]] = []
    for mark, closing in _PAIRS.items():
        if (index := text.find(mark, start)) >= 0:
            found.append((index, closing))
    if (index := text.find('"', start)) >= 0:
        found.append((index, '"'))
    if single and (opening := _SINGLE_OPENING.search(text, start)):
        found.append((opening.start(), "’"))
    return min(found, default=None)


def _closing(text: str, start: int, closing: str) -> int | None:
    """End of a quotation, or None if it is not closed."""
    if closing != "’":
        index = text.find(closing, start)
        return index + 1 if index >= 0 else None
    found = _SINGLE_CLOSING.search(text, start)
    while found:
        # A word follows an apostrophe (“the boys’ room”); a closing mark mostly ends a clause.
        if text[found.start() - 1] in ",.!?…—;:”" or found.end() == len(text):
            return found.end()
        found = _SINGLE_CLOSING.search(text, found.end())
    return None


def _prefers_single(paragraphs: Sequence[str]) -> bool:
    """True if single marks enclose the speech: they begin more paragraphs than double ones."""
    single = sum(text.lstrip()[:1] in ("‘", "'") for text in paragraphs)
    double = sum(text.lstrip()[:1] in ('"', "“", "「", "『", "«") for text in paragraphs)
    return single > double


def _uses_dashes(paragraphs: Sequence[str]) -> bool:
    marked = sum(any(mark in text for mark in '“"«「') for text in paragraphs)
    return sum(bool(_DASH.match(text)) for text in paragraphs) > max(2, marked)


def _script_spans(paragraphs: Sequence[str]) -> list[list[Span]]:
    """Spans of a script, in which `NAME:` begins a good share of the paragraphs; empty for prose."""
    found = [_SCRIPT.match(text) for text in paragraphs]
    names = [match["name"].strip() for match in found if match]
    repeated = {name for name in names if names.count(name) >= _MIN_SCRIPT_REPEATS}
    if len(names) < _MIN_SCRIPT_SHARE * len(paragraphs) or not repeated:
        return []
    if len(names) > _WHOLE_SCRIPT_SHARE * len(paragraphs):
        repeated = set(names)
    return [
        [Span(0, match.end(), False), Span(match.end(), len(text), True, match["name"].strip())]
        if match and match["name"].strip() in repeated
        else _fill(_paired(text, single=False, continues=False)[0], len(text))
        for match, text in zip(found, paragraphs, strict=True)
    ]


def _fill(quotes: Sequence[tuple[int, int]], length: int) -> list[Span]:
    return list(_filled(quotes, length))


def _filled(quotes: Sequence[tuple[int, int]], length: int) -> Iterator[Span]:
    position = 0
    for start, end in quotes:
        if start > position:
            yield Span(position, start, False)
        yield Span(start, end, True)
        position = end
    if position < length:
        yield Span(position, length, False)
