"""Reader for Markdown: CommonMark is rendered to HTML, which is read by the same rules as the pages of an EPUB."""

from __future__ import annotations

import re

from lxml import etree
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
_ITEMS = re.compile(r"(?:\n[ \t]*-[ \t]+.*)*")
_COUNT_EMPHASES = etree.XPath("count(//*[local-name()='em' or local-name()='strong'])")
_NOTE = re.compile(r"^\[\^[^\]\s]{1,200}\]:.*(?:\n(?:[ \t]+\S.*|[ \t]*(?=\n[ \t]+\S)))*", re.M)
_NOTE_REFERENCE = re.compile(r"\[\^[^\]\s]{1,200}\]")


def read_markdown(text: str, file_name: str, keep: frozenset[str] = frozenset()) -> Book:
    """Read a book from Markdown (CommonMark with tables and footnotes), with optional front matter.

    The front matter may set `title`, `author` and `lang`.

    Args:
        text: content of the file.
        file_name: name of the file, used as the title if the text has none.
        keep: skip reasons to ignore: text that has one of them is read.
    """
    text = re.sub(r"\r\n?", "\n", text)
    fields = _FIELDS.match(text)
    values = _read_fields(fields["fields"]) if fields else {}
    if fields:
        # The line numbers of the rest stay valid.
        text = "\n" * fields.group().count("\n") + text[fields.end() :]
    text, skipped = (text, []) if NOTE in keep else _without_notes(text)
    return _book(_render(text), file_name, values, skipped, keep)


def read_html(text: str, file_name: str, keep: frozenset[str] = frozenset()) -> Book:
    """Read a book from one page of HTML.

    Args:
        text: content of the file.
        file_name: name of the file, used as the title if the text has none.
        keep: skip reasons to ignore: text that has one of them is read.
    """
    return _book(text, file_name, {}, [], keep)


def emphasis_remark(n_emphases: int) -> tuple[str, ...]:
    """Remark that emphasis has no effect on the voice; empty for a text without emphasis."""
    return (
        (f"Emphasis has no effect: {n_emphases} passages marked for it are read like the rest",) if n_emphases else ()
    )


def _book(html: str, file_name: str, values: dict[str, str], skipped: list[SkippedText], keep: frozenset[str]) -> Book:
    root = page_from_text(html, file_name)
    page = read_page(root, file_name, keep=keep)
    skipped += [SkippedText(file_name, reason, n_characters) for reason, n_characters in page.skipped.items()]
    headings = [block for block in page.blocks if block.kind == "heading"]
    first = headings[0].text if headings and headings[0].level == 1 else ""
    title = values.get("title") or first or file_name.rpartition(".")[0].replace("_", " ")
    split = split_chapters(page.blocks, starts_from_headings(page.blocks), opening_title=title, keep=keep)
    return Book(
        title=title,
        author=values.get("author", ""),
        language=values.get("lang") or values.get("language", ""),
        chapters=split.chapters,
        skipped=(*skipped, *split.skipped),
        remarks=emphasis_remark(page.n_emphases + int(_COUNT_EMPHASES(root))),
        pronunciations=page.pronunciations,
    )


def _read_fields(fields: str) -> dict[str, str]:
    """Values of the front matter; the items of a list, on one line or on several, are joined with commas."""
    values = {}
    for match in _FIELD.finditer(fields):
        value = match["value"]
        if not value:
            items = _ITEMS.match(fields, match.end())
            assert items
            value = ", ".join(_unquoted(item) for item in re.findall(r"^[ \t]*-[ \t]+(.*)$", items[0], re.M))
        elif not match["quote"] and value[0] == "[" and value[-1] == "]":
            value = ", ".join(_unquoted(item) for item in value[1:-1].split(","))
        values[match["name"]] = value
    return values


def _unquoted(item: str) -> str:
    return item.strip().strip("\"'")


def _render(text: str) -> str:
    """Render Markdown as HTML; the id of each block is the number of its first line, such as `L12`."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    for token in tokens:
        _mark_line(token)
    return f"<html><body>{parser.renderer.render(tokens, parser.options, {})}</body></html>"


def _mark_line(token: Token) -> None:
    if token.map and token.nesting == 1:
        token.attrSet("id", f"L{token.map[0] + 1}")


def _without_notes(text: str) -> tuple[str, list[SkippedText]]:
    """Remove footnotes, which CommonMark would treat as plain text; return the text, and the skipped footnotes."""
    sizes = {NOTE: 0, NOTE_REFERENCE: 0}

    def drop(match: re.Match[str], reason: str) -> str:
        sizes[reason] += len(match.group())
        return "\n" * match.group().count("\n")

    text = _NOTE.sub(lambda match: drop(match, NOTE), text)
    text = _NOTE_REFERENCE.sub(lambda match: drop(match, NOTE_REFERENCE), text)
    return text, [SkippedText("footnotes", reason, size) for reason, size in sizes.items() if size]
