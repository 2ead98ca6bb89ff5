"""Reader for plain text: drops license, title page and table of contents, and finds chapters by their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from hierbatch.frontend.books.book import SCENE_BREAK_S, Block, Book, SkippedText
from hierbatch.frontend.books.chapters import split_chapters, starts_from_headings
from hierbatch.frontend.books.characters import has_letters_or_digits
from hierbatch.frontend.books.frontmatter import TitlePage, read_title_page, without_contents
from hierbatch.frontend.books.gutenberg import body_span, read_header
from hierbatch.frontend.books.headings import (
    CHAPTER,
    PART,
    SECTION,
    capital_titles,
    heading_rank,
    numbered_chapters,
    numbered_sections,
)
from hierbatch.frontend.books.inline_markup import is_html, without_markup
from hierbatch.frontend.books.inline_notes import without_inline_notes, without_marked_notes
from hierbatch.frontend.books.layout import (
    Line,
    Paragraph,
    heading_paragraph,
    hyphenated_words,
    is_hard_wrapped,
    join_paragraphs,
    number_lines,
    split_groups,
    split_lines,
)
from hierbatch.frontend.books.markdown import emphasis_remark, read_html
from hierbatch.frontend.books.rules import NOTE

_MAX_TITLE_LINES_BELOW = 2
_MAX_TITLE_CHARACTERS = 80
_SCENE_BREAK_LINES = 3
_SOURCE_NOTE = re.compile(r"[—―–-]\s*[『「《〈<(].*\b(?:1[5-9]|20)\d\d\b.*")


def read_plain(text: str, file_name: str, keep: frozenset[str] = frozenset()) -> Book:
    """Read a book from plain English or Korean text, hard-wrapped or not.

    Args:
        text: content of the file.
        file_name: name of the file, used as the title if the text has none.
        keep: skip reasons to ignore: text that has one of them is read.
    """
    if is_html(text):
        return read_html(text, file_name, keep)
    plain = without_markup(text)
    text = plain.text
    raw_lines = split_lines(text)
    begin, end = body_span(raw_lines)
    header = read_header(raw_lines[:begin])
    skipped = _license(raw_lines, begin, end)
    groups = split_groups(number_lines(raw_lines[begin:end], first_number=begin + 1))
    wrapped = is_hard_wrapped(groups)
    kept, contents = without_contents(groups)
    skipped += [_skipped_lines(group, "table of contents") for group in contents]
    compounds = hyphenated_words(raw_lines[begin:end]) if wrapped else frozenset()
    paragraphs = _rank_sections([paragraph for group in kept for paragraph in _paragraphs(group, wrapped, compounds)])
    if NOTE not in keep:
        paragraphs, notes = _without_notes(paragraphs)
        skipped += notes
    if paragraphs and _SOURCE_NOTE.fullmatch(paragraphs[-1].text):
        skipped.append(_skipped(paragraphs[-1], "source note"))
        del paragraphs[-1]
    page, paragraphs, dropped = _take_title_page(paragraphs, has_header=bool(header.title))
    title = header.title or page.title or file_name.rpartition(".")[0].replace("_", " ")
    blocks = _blocks(paragraphs, file_name)
    split = split_chapters(blocks, starts_from_headings(blocks), opening_title=title, keep=keep)
    return Book(
        title=title,
        author=header.author or page.author,
        language=header.language,
        chapters=split.chapters,
        skipped=(*skipped, *dropped, *split.skipped),
        remarks=emphasis_remark(plain.n_emphases),
        pronunciations=plain.pronunciations,
    )


def _paragraphs(group: Sequence[Line], wrapped: bool, compounds: frozenset[str]) -> Iterator[Paragraph]:
    """Paragraphs of one group; only the first line can be a heading, unless every line is a paragraph."""
    position = 0
    while position < len(group):
        rank = heading_rank(group[position].text) if position == 0 or not wrapped else None
        if rank is not None:
            n_lines = 1 + _n_title_lines(group[position + 1 : position + 2 + _MAX_TITLE_LINES_BELOW])
            yield heading_paragraph(group[position : position + n_lines], rank)
            position += n_lines
        elif wrapped:
            yield from join_paragraphs(group[position:], wrapped=True, compounds=compounds)
            return
        else:
            yield from join_paragraphs(group[position : position + 1], wrapped=False)
            position += 1


def _n_title_lines(below: Sequence[Line]) -> int:
    """Number of lines below "Chapter One" that are its title: all if they are few and end no sentence, else 0.

    Args:
        below: lines below, at most one more than a title can have.
    """
    texts = [line.text.strip() for line in below]
    is_title = all(len(text) <= _MAX_TITLE_CHARACTERS and text[-1] not in ".!?…,;:\"'”’" for text in texts)
    return len(texts) if len(texts) <= _MAX_TITLE_LINES_BELOW and is_title else 0


def _rank_sections(paragraphs: list[Paragraph]) -> list[Paragraph]:
    texts = [paragraph.text for paragraph in paragraphs]
    ranked = list(paragraphs)
    for index in numbered_chapters(texts):
        ranked[index] = replace(ranked[index], rank=CHAPTER)
    for index in numbered_sections(texts, [paragraph.rank for paragraph in ranked]):
        ranked[index] = replace(ranked[index], rank=SECTION)
    if not any(paragraph.rank in (PART, CHAPTER) for paragraph in ranked):
        for index in capital_titles(texts):
            ranked[index] = replace(ranked[index], rank=CHAPTER)
    return ranked


def _without_notes(paragraphs: Sequence[Paragraph]) -> tuple[list[Paragraph], list[SkippedText]]:
    kept, skipped = [], []
    marked = without_marked_notes([paragraph.text for paragraph in paragraphs])
    for paragraph, own in zip(paragraphs, marked, strict=True):
        text, n_noted = without_inline_notes(own)
        n_noted += len(paragraph.text) - len(own)
        if n_noted:
            skipped.append(SkippedText(f"line {paragraph.line_number}", NOTE, n_noted))
        if text:
            kept.append(replace(paragraph, text=text))
    return kept, skipped


def _take_title_page(
    paragraphs: Sequence[Paragraph], *, has_header: bool
) -> tuple[TitlePage, list[Paragraph], list[SkippedText]]:
    """Separate the title page from the text.

    If text without a heading follows the title page, the title becomes its heading unless a file header names the book.
    Otherwise the title is skipped with the rest of the title page.

    Args:
        paragraphs: paragraphs of the book.
        has_header: True if a header of the file gives the title.

    Returns:
        The title page, the paragraphs after it, and the skipped text.
    """
    n_front = next((index for index, paragraph in enumerate(paragraphs) if paragraph.rank), len(paragraphs))
    page = read_title_page(paragraphs[:n_front], before_heading=n_front < len(paragraphs))
    on_page, after = paragraphs[: page.n_paragraphs], list(paragraphs[page.n_paragraphs :])
    if on_page and page.n_paragraphs < n_front and not has_header:
        after.insert(0, replace(on_page[0], rank=1))
        on_page = on_page[1:]
    return page, after, [_skipped(paragraph, "title page") for paragraph in on_page]


def _blocks(paragraphs: Sequence[Paragraph], file_name: str) -> list[Block]:
    blocks: list[Block] = []
    for paragraph in paragraphs:
        is_break = paragraph.n_empty_before >= _SCENE_BREAK_LINES or not has_letters_or_digits(paragraph.text)
        if is_break and not paragraph.rank and blocks and blocks[-1].kind == "paragraph":
            blocks[-1] = replace(blocks[-1], pause_after_s=SCENE_BREAK_S)
        if has_letters_or_digits(paragraph.text):
            position = f"{file_name}:{paragraph.line_number}"
            kind: Literal["heading", "paragraph"] = "heading" if paragraph.rank else "paragraph"
            blocks.append(Block(kind=kind, text=paragraph.text, source_ref=position, level=paragraph.rank))
    return blocks


def _license(raw_lines: Sequence[str], begin: int, end: int) -> list[SkippedText]:
    spans = [(0, begin), (end, len(raw_lines))]
    return [
        SkippedText(f"lines {first + 1}-{last}", "license text", sum(map(len, raw_lines[first:last])))
        for first, last in spans
        if any(line.strip() for line in raw_lines[first:last])
    ]


def _skipped_lines(group: Sequence[Line], reason: str) -> SkippedText:
    return SkippedText(
        f"lines {group[0].number}-{group[-1].number}", reason, sum(len(line.text.strip()) for line in group)
    )


def _skipped(paragraph: Paragraph, reason: str) -> SkippedText:
    return SkippedText(f"line {paragraph.line_number}: {paragraph.text[:60]}", reason, len(paragraph.text))
