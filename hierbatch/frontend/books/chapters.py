"""Chapter segmentation of blocks in reading order, by table of contents or headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hierbatch.frontend.books.book import Block, Chapter, SkippedText
from hierbatch.frontend.books.characters import letters_of
from hierbatch.frontend.books.rules import reason_of_title

_NUMBER_ONLY = re.compile(r"(?:[IVXLCDM]+|\d+|[ivxlcdm]+)[.)]?", re.ASCII)
_DIVISION = re.compile(r"(?:part|book|volume|act)\b|제?\s*[\d일이삼사오육칠팔구십]+\s*(?:부|권|편|막)", re.I)
_ENDING = re.compile(r"(?:the\s+)?end(?:\s+of\b.*)?|fin(?:is)?|끝|완", re.I)
_LARGE_FRONT_SHARE = 0.2
_MAX_TITLE_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class ChapterStart:
    """Start of a chapter: its title and depth in the table of contents, the index of its first block, and its page."""

    title: str
    level: int
    index: int
    page: str = ""


@dataclass(frozen=True, slots=True)
class ChapterSplit:
    """Chapters to read aloud, and the skipped text."""

    chapters: tuple[Chapter, ...]
    skipped: tuple[SkippedText, ...]


def split_chapters(
    blocks: Sequence[Block],
    starts: Sequence[ChapterStart],
    *,
    opening_title: str,
    skip_front: bool = False,
    keep: frozenset[str] = frozenset(),
) -> ChapterSplit:
    """Split a book at its chapter starts; nested starts become chapters of a deeper level.

    The heading of a start without text (such as the title page of a part) moves to the next chapter, and headings
    directly before a start belong to its chapter. A start titled with a bare number, on the same page as the titled
    story that contains it, is a section, not a chapter. Chapters with titles such as "Notes" or "Imprint" are skipped.

    Args:
        blocks: blocks in reading order.
        starts: chapter starts in any order.
        opening_title: title of a chapter for the text before the first start.
        skip_front: skip the text before the first start, unless its length shows that a chapter was missed.
        keep: skip reasons to ignore: text that has one of them is read.
    """
    starts = _before_headings(_fold_sections(sorted(starts, key=lambda start: start.index)), blocks)
    parents = _parents(starts)
    chapters: list[Chapter] = []
    skipped: list[SkippedText] = []
    front = tuple(blocks[: starts[0].index] if starts else blocks)
    if skip_front and _n_characters(front) < _LARGE_FRONT_SHARE * _n_characters(blocks):
        if front:
            skipped.append(SkippedText("before the first chapter", "front matter", _n_characters(front)))
        front = ()
    pending = front if _is_titles_only(front) else ()
    if not _is_titles_only(front):
        chapters.append(Chapter(title=opening_title, level=1, blocks=front))
    for number, start in enumerate(starts):
        end = starts[number + 1].index if number + 1 < len(starts) else len(blocks)
        own = tuple(blocks[start.index : end])
        title = _full_title(starts, parents, number) or _first_heading(own) or str(number + 1)
        if (reason := _reason_of_branch(starts, parents, number)) and reason not in keep:
            skipped.extend([SkippedText(title, reason, _n_characters(own))] if own else [])
        elif _is_titles_only(own):
            pending += own
        else:
            chapters.append(Chapter(title=title, level=start.level, blocks=pending + _with_headings(own, start)))
            pending = ()
    if pending and chapters:
        chapters[-1] = replace(chapters[-1], blocks=chapters[-1].blocks + pending)
    return ChapterSplit(tuple(chapters), tuple(skipped))


def starts_from_headings(blocks: Sequence[Block]) -> list[ChapterStart]:
    """Find the chapter starts of a book without a table of contents.

    Chapters start at the outermost headings. A single outermost heading is the title of the book, and outermost
    headings that mostly lack text are titles of parts: in both cases chapters also start at headings of the next rank.
    """
    ranks = sorted({block.level for block in blocks if block.kind == "heading"})
    starts: list[ChapterStart] = []
    for depth in range(1, len(ranks) + 1):
        starts = [
            ChapterStart(block.text, ranks.index(block.level) + 1, index)
            for index, block in enumerate(blocks)
            if block.kind == "heading" and block.level in ranks[:depth]
        ]
        n_empty = sum(start.level == depth and _is_titles_only(blocks[start.index :][:2]) for start in starts)
        if len(starts) > 1 and 2 * n_empty < len(starts):
            break
    if sum(start.level == 1 for start in starts) == 1:
        return [replace(start, level=max(start.level - 1, 1)) for start in starts]
    return starts


def _before_headings(starts: Sequence[ChapterStart], blocks: Sequence[Block]) -> list[ChapterStart]:
    """Move each start before the headings that directly precede it, unless the previous chapter would be empty."""
    moved: list[ChapterStart] = []
    previous = -1
    for start in starts:
        index = start.index
        level = blocks[index].level if index < len(blocks) else 0
        while index - 1 > previous and _opens(blocks[index - 1], level):
            index -= 1
        if start.index == previous or index <= previous + 1 or blocks[index - 1].kind == "heading":
            index = start.index
        previous = start.index
        moved.append(replace(start, index=index))
    return moved


def _opens(heading: Block, level: int) -> bool:
    """True for a heading that can precede a chapter's first block, which has heading level `level` (0: paragraph)."""
    is_outer = not level or heading.level <= level
    return heading.kind == "heading" and is_outer and not _ENDING.fullmatch(heading.text.strip(" .*[]<>()"))


def _fold_sections(starts: list[ChapterStart]) -> list[ChapterStart]:
    parents = _parents(starts)
    return [start for number, start in enumerate(starts) if not _is_section(starts, parents, number)]


def _is_section(starts: Sequence[ChapterStart], parents: Sequence[int | None], number: int) -> bool:
    parent = parents[number]
    if parent is None or not _NUMBER_ONLY.fullmatch(starts[number].title):
        return False
    above = starts[parent]
    is_story = not _NUMBER_ONLY.fullmatch(above.title) and not _DIVISION.match(above.title)
    return is_story and bool(above.page) and above.page == starts[number].page


def _parents(starts: Sequence[ChapterStart]) -> list[int | None]:
    """Index of the parent of each start, the nearest earlier start with a smaller level; None without a parent."""
    parents: list[int | None] = []
    for number, start in enumerate(starts):
        candidate = number - 1 if number else None
        while candidate is not None and starts[candidate].level >= start.level:
            candidate = parents[candidate]
        parents.append(candidate)
    return parents


def _full_title(starts: Sequence[ChapterStart], parents: Sequence[int | None], number: int) -> str:
    """Title of a chapter; a bare number follows the title of its part, as other parts have the same numbers."""
    parent, title = parents[number], starts[number].title
    if parent is None or not _NUMBER_ONLY.fullmatch(title):
        return title
    return f"{_full_title(starts, parents, parent)}: {title}"


def _reason_of_branch(starts: Sequence[ChapterStart], parents: Sequence[int | None], number: int) -> str | None:
    current: int | None = number
    while current is not None:
        if reason := reason_of_title(starts[current].title):
            return reason
        current = parents[current]
    return None


def _with_headings(own: tuple[Block, ...], start: ChapterStart) -> tuple[Block, ...]:
    """Turn opening paragraphs that only repeat the title of the chapter into headings."""
    title = letters_of(start.title)
    blocks = list(own)
    for index, block in enumerate(own[:_MAX_TITLE_BLOCKS]):
        letters = letters_of(block.text)
        if not letters or letters not in title:
            break
        if block.kind == "paragraph":
            blocks[index] = replace(block, kind="heading", level=start.level)
        title = title.replace(letters, "", 1)
    return tuple(blocks)


def _first_heading(blocks: Sequence[Block]) -> str:
    return next((block.text for block in blocks if block.kind == "heading"), "")


def _is_titles_only(blocks: Sequence[Block]) -> bool:
    return all(block.kind == "heading" for block in blocks)


def _n_characters(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)
