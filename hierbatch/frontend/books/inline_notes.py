"""Inline notes of editors and translators: bracketed and marked as such inside a sentence."""

from __future__ import annotations

import re

_NOTES = (
    re.compile(r"\s*\([^()]{0,300}(?:편집자|옮긴이|엮은이|역자)\s*주\s*\*?\s*\)"),
    re.compile(r"\s*\((?:편집자|옮긴이|엮은이|역자)\s*주\s*[:：][^()]{0,300}\)"),
    re.compile(
        r"\s*\[(?:Footnote|Note|Editor['’]s note|Translator['’]s note|Transcriber['’]s note)\b[^\[\]]{0,2000}\]", re.I
    ),
)


def without_inline_notes(text: str) -> tuple[str, int]:
    """Remove the inline notes of a sentence; also return their number of characters.

    >>> without_inline_notes("꿈(夢境 : 꿈 속 - 편집자 주*)에서 깨었다.")
    ('꿈에서 깨었다.', 19)
    """
    kept = text
    for pattern in _NOTES:
        kept = pattern.sub("", kept)
    return kept.strip(), len(text) - len(kept)
