"""Markdown reader: renders CommonMark to a page and reads it by the same rules as the pages of an EPUB."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from hierbatch.frontend.books.book import Book, SkippedText
from hierbatch.frontend.books.chapters import split_chapters, starts_from_headings
from hierbatch.frontend.books.markup import page_from_text
from hierbatch.frontend.books.page import read_page
from hierbatch.frontend.books.rules import NOTE, NOTE_REFERENCE

_FIELDS = re.compile(r"---[ \t]*\n(?P<fields>(?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_FIELD = re.compile(
    r"""^(?P<name>title|author|lang|language):[ \t]*(?P<quote>["']?)(?P<value>.*?)(?P=quote)[ \t]*$""", re.M
)
_NOTE = re.compile(r"^\[\^[^\]\s]+\]:.*(?:\n(?:[ \t]+\S.*|[ \t]*(?=\n[ \t]+\S)))*", re.M)
_NOTE_REFERENCE = re.compile(r"\[\^[^\]\s]+\]")


def read_markdown(text: str, file_name: str) -> Book:
    """Read a book from Markdown (CommonMark with tables and footnotes), with optional front matter.

    The front matter may set `title`, `author` and `lang`.
    """
    text = re.sub(r"\r\n?", "\n", text)
    fields = _FIELDS.match(text)
    values = {match["name"]: match["value"] for match in _FIELD.finditer(fields["fields"])} if fields else {}
    if fields:
        # The line numbers of the rest stay valid.
        text = "\n" * fields.group().count("\n") + text[fields.end() :]
    text, skipped = _without_notes(text)
    page = read_page(page_from_text(_render(text), file_name), file_name)
    skipped += [SkippedText(file_name, reason, n_characters) for reason, n_characters in page.skipped.items()]
    headings = [block for block in page.blocks if block.kind == "heading"]
    first = headings[0].text if headings and headings[0].level == 1 else ""
    title = values.get("title") or first or file_name.rpartition(".")[0].replace("_", " ")
    split = split_chapters(page.blocks, starts_from_headings(page.blocks), opening_title=title)
    return Book(
        title=title,
        author=values.get("author", ""),
        language=values.get("lang") or values.get("language", ""),
        chapters=split.chapters,
        skipped=(*skipped, *split.skipped),
    )


def _render(text: str) -> str:
    """Render a page; the id of each block is the line on which it begins."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    for token in tokens:
        _mark_line(token)
    return f"<html><body>{parser.renderer.render(tokens, parser.options, {})}</body></html>"


def _mark_line(token: Token) -> None:
    if token.map and token.nesting == 1:
        token.attrSet("id", f"L{token.map[0] + 1}")


def _without_notes(text: str) -> tuple[str, list[SkippedText]]:
    """Remove footnotes, an extension of Markdown that CommonMark would treat as plain text."""
    sizes = {NOTE: 0, NOTE_REFERENCE: 0}

    def drop(match: re.Match[str], reason: str) -> str:
        sizes[reason] += len(match.group())
        return "\n" * match.group().count("\n")

    text = _NOTE.sub(lambda match: drop(match, NOTE), text)
    text = _NOTE_REFERENCE.sub(lambda match: drop(match, NOTE_REFERENCE), text)
    return text, [SkippedText("footnotes", reason, size) for reason, size in sizes.items() if size]
