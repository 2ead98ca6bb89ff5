"""Chapter starts of an EPUB, from its table of contents, its headings or its pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hierbatch.frontend.books.chapters import ChapterStart, starts_from_headings
from hierbatch.frontend.books.characters import letters_of
from hierbatch.frontend.books.contents import ContentsEntry
from hierbatch.frontend.books.flow import Flow, PageStart


@dataclass(frozen=True, slots=True)
class FoundStarts:
    """Chapter starts; `are_from_contents` is True if they come from the table of contents."""

    starts: list[ChapterStart]
    are_from_contents: bool


def find_starts(contents: Sequence[ContentsEntry], flow: Flow, remarks: list[str]) -> FoundStarts:
    """Find the chapter starts of a book.

    Args:
        contents: table of contents, which may be empty.
        flow: blocks of the book.
        remarks: notices to the user, extended in place.
    """
    listed = _listed(contents, flow, remarks)
    if listed:
        return FoundStarts([*listed, *_unlisted(listed, flow)], True)
    headings = starts_from_headings(flow.blocks)
    if headings:
        remarks.append("The book has no usable table of contents: its chapters start at its headings")
        return FoundStarts(headings, False)
    pages = _from_pages(flow)
    if pages:
        remarks.append("The book has neither a table of contents nor headings: each of its pages is a chapter")
    else:
        remarks.append("The book has no usable table of contents: its chapters start at its headings")
    return FoundStarts(pages, False)


def _listed(contents: Sequence[ContentsEntry], flow: Flow, remarks: list[str]) -> list[ChapterStart]:
    """Starts of the entries whose target exists.

    An entry whose fragment does not exist starts at its page; it is left out if another entry is on that page. A label
    without a link starts with the entry after it.
    """
    n_found = Counter(entry.href for entry in contents if (entry.href, entry.fragment) in flow.positions)
    starts: list[ChapterStart] = []
    labels: list[ContentsEntry] = []
    for entry in contents:
        if not entry.href:
            labels.append(entry)
            continue
        index = flow.positions.get((entry.href, entry.fragment))
        if index is None and (entry.href, "") in flow.positions:
            if n_found[entry.href]:
                remarks.append(f"The entry {entry.title!r} of the table of contents leads nowhere")
            else:
                index = flow.positions[entry.href, ""]
                n_found[entry.href] += 1
        if index is not None:
            starts += [ChapterStart(label.title, label.level, index) for label in labels if label.level < entry.level]
            labels.clear()
            starts.append(ChapterStart(entry.title, entry.level, index, entry.href))
    return starts


def _unlisted(listed: Sequence[ChapterStart], flow: Flow) -> list[ChapterStart]:
    """Starts that the table of contents leaves out: unique headings of at least the usual rank of the listed chapters.

    Such headings count at the start of a page without an entry, and anywhere after the last entry.
    """
    known = {start.index for start in listed}
    ranks = {start.index: flow.blocks[start.index] for start in listed if start.index < len(flow.blocks)}
    levels = {block.level: start.level for start in listed if (block := ranks.get(start.index)) and block.level}
    counts = Counter(block.level for block in ranks.values() if block.level)
    if not counts:
        return []
    rank = counts.most_common(1)[0][0]
    pages = {start.page for start in listed}
    first, last = min(known), max(known)
    page_starts = {start.index for start in flow.page_starts if start.href not in pages}
    titles = Counter(letters_of(block.text) for block in flow.blocks if block.kind == "heading")
    found: list[ChapterStart] = []
    for index, block in enumerate(flow.blocks[first + 1 :], start=first + 1):
        follows_heading = flow.blocks[index - 1].kind == "heading"
        if not 0 < block.level <= rank or index in known or titles[letters_of(block.text)] > 1:
            continue
        if index in page_starts or (index > last and not follows_heading):
            found.append(ChapterStart(block.text, levels.get(block.level, 1), index))
    return found


def _from_pages(flow: Flow) -> list[ChapterStart]:
    """Chapter starts at the pages, if each page has a title and the titles differ; empty otherwise."""
    pages = _filled_pages(flow)
    titles = {letters_of(page.title) for page in pages}
    if len(pages) < 2 or "" in titles or len(titles) < len(pages):
        return []
    return [ChapterStart(page.title, 1, page.index, page.href) for page in pages]


def _filled_pages(flow: Flow) -> list[PageStart]:
    ends = [*(start.index for start in flow.page_starts[1:]), len(flow.blocks)]
    return [start for start, end in zip(flow.page_starts, ends, strict=False) if end > start.index]
