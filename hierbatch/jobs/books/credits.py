"""Opening and closing credits of an audiobook, as manifest rows that can be edited like all other rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hierbatch.delivery.book_file import BOOK_FILE, BookFile


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTexts:
    """Sentences of the credits in one language, with the placeholders `{title}`, `{author}` and `{narrator}`."""

    opening_title: str
    closing_title: str
    title: str
    author: str
    narrator: str
    no_narrator: str
    """Sentence used if the details of the book name no narrator."""
    closing: str


_TEXTS = {
    "en": CreditTexts(
        opening_title="Opening Credits",
        closing_title="Closing Credits",
        title="{title}.",
        author="Written by {author}.",
        narrator="Narrated by {narrator}.",
        no_narrator="Read by a synthetic voice.",
        closing="This was {title}.",
    ),
    "ko": CreditTexts(
        opening_title="여는 말",
        closing_title="닫는 말",
        title="{title}.",
        author="지은이 {author}.",
        narrator="낭독 {narrator}.",
        no_narrator="합성 음성이 읽었습니다.",
        closing="지금까지 {title}이었습니다.",
    ),
}


def credit_rows(
    details: BookFile, language: str, n_chapters: int, voice: str | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of the opening credits, which are chapter 0, and of the closing credits, which follow the last chapter.

    Args:
        details: title, author and narrator.
        language: language of the credits.
        n_chapters: number of chapters of the book.
        voice: voice of the rows; None leaves the choice to the run.
    """
    texts = _TEXTS.get(language, _TEXTS["en"])
    values = {"title": details.title, "author": details.author, "narrator": details.narrator}
    people = [
        *([texts.author] if details.author else []),
        texts.narrator if details.narrator else texts.no_narrator,
    ]
    opening = [text.format(**values) for text in (texts.title, *people)]
    closing = [text.format(**values) for text in (texts.closing, *people)]
    common = {"voice": voice, "language": language, "book": details.title, "kind": "paragraph", "pause_after_s": None}
    return (
        _rows("opening", opening, common | {"chapter": 0, "chapter_title": texts.opening_title}),
        _rows("closing", closing, common | {"chapter": n_chapters + 1, "chapter_title": texts.closing_title}),
    )


def _rows(name: str, texts: list[str], common: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **common,
            "id": f"{name}-{number:05d}",
            "text": text,
            "sentence_index": number,
            "source_ref": f"{BOOK_FILE}#{name}-{number}",
        }
        for number, text in enumerate(texts, start=1)
    ]
