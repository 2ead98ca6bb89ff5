"""Removal of editors' and translators' notes, in brackets inside a sentence or marked with a number such as `[1]`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_REFERENCE = re.compile(r"(?<=\S)\s?\[(\d{1,3}|\*{1,3}|[a-z])\]")
_NOTES = (
    re.compile(r"(?<!\s)\s*\([^()]{0,300}(?:편집자|옮긴이|엮은이|역자)\s*주\s*\*?\s*\)"),
    re.compile(r"(?<!\s)\s*\((?:편집자|옮긴이|엮은이|역자)\s*주\s*[:：][^()]{0,300}\)"),
    re.compile(
        r"(?<!\s)\s*\[(?:Footnote|Note|Editor['’]s note|Translator['’]s note|Transcriber['’]s note)\b[^\[\]]{0,2000}\]",
        re.IGNORECASE,
    ),
)


_MARKED = re.compile(r"\[(\d{1,3}|\*{1,3}|[a-z])\]\s*(?=\S)")


def without_marked_notes(paragraphs: Sequence[str]) -> list[str]:
    """Remove notes such as `[1] See above.` and the marks in earlier paragraphs that refer to them.

    Returns:
        Text of each paragraph; empty for a paragraph that is a note.
    """
    seen: set[str] = set()
    noted: set[str] = set()
    is_note: list[bool] = []
    for text in paragraphs:
        opening = _MARKED.match(text)
        is_note.append(bool(opening and opening[1] in seen))
        if opening and is_note[-1]:
            noted.add(opening[1])
        seen.update(_REFERENCE.findall(text))
    return [
        "" if dropped else _REFERENCE.sub(lambda match: "" if match[1] in noted else match[0], text)
        for text, dropped in zip(paragraphs, is_note, strict=True)
    ]


def without_inline_notes(text: str) -> tuple[str, int]:
    """Remove the inline notes of a sentence; return the text and the number of characters removed.

    >>> without_inline_notes("꿈(夢境 : 꿈 속 - 편집자 주*)에서 깨었다.")
    ('꿈에서 깨었다.', 19)
    """
    kept = text
    for pattern in _NOTES:
        kept = pattern.sub("", kept)
    return kept.strip(), len(text) - len(kept)
