"""Blocks in reading order + a table of contents -> chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hierbatch.frontend.books.book import Block, Chapter, Skipped
from hierbatch.frontend.books.characters import letters_of
from hierbatch.frontend.books.rules import reason_of_title

_NUMBER_ONLY = re.compile(r"(?:[IVXLCDM]+|\d+|[ivxlcdm]+)[.)]?", re.ASCII)
_DIVISION = re.compile(r"(?:part|book|volume|act)\b|제?\s*[\d일이삼사오육칠팔구십]+\s*(?:부|권|편|막)", re.I)
_LARGE_FRONT_SHARE = 0.2
_MOST_TITLE_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class ChapterStart:
    """Where a chapter begins: its title and depth in the contents, the index of its first block, and its page."""

    title: str
    level: int
    index: int
    page: str = ""


@dataclass(frozen=True, slots=True)
class CutBook:
    """Chapters that are read, and what of the blocks is not."""

    chapters: tuple[Chapter, ...]
    skipped: tuple[Skipped, ...]


def cut_chapters(
    blocks: Sequence[Block], starts: Sequence[ChapterStart], *, opening_title: str, skip_front: bool = False
) -> CutBook:
    """Cut a book at its chapter starts; nested ones become chapters of a deeper level.

    A start without text of its own (a part's title page) gives its heading to the next chapter. One that is a bare
    number on the same page as the story above it is a section of that story. Chapters whose titles say that they are
    notes, an imprint or the like are left out. Text before the first start becomes a chapter named `opening_title`,
    or with `skip_front` is left out, unless there is so much of it that the contents must have missed a chapter.
    """
    starts = _fold_sections(sorted(starts, key=lambda start: start.index))
    parents = _parents(starts)
    chapters: list[Chapter] = []
    skipped: list[Skipped] = []
    front = tuple(blocks[: starts[0].index] if starts else blocks)
    if skip_front and _n_characters(front) < _LARGE_FRONT_SHARE * _n_characters(blocks):
        if front:
            skipped.append(Skipped("before the first chapter", "front matter", _n_characters(front)))
        front = ()
    waiting = front if _is_titles_only(front) else ()
    if not _is_titles_only(front):
        chapters.append(Chapter(title=opening_title, level=1, blocks=front))
    for number, start in enumerate(starts):
        end = starts[number + 1].index if number + 1 < len(starts) else len(blocks)
        own = tuple(blocks[start.index : end])
        title = _full_title(starts, parents, number) or _first_heading(own) or str(number + 1)
        if reason := _reason_of_branch(starts, parents, number):
            skipped.extend([Skipped(title, reason, _n_characters(own))] if own else [])
        elif _is_titles_only(own):
            waiting += own
        else:
            chapters.append(Chapter(title=title, level=start.level, blocks=waiting + _with_headings(own, start)))
            waiting = ()
    if waiting and chapters:
        chapters[-1] = replace(chapters[-1], blocks=chapters[-1].blocks + waiting)
    return CutBook(tuple(chapters), tuple(skipped))


def starts_from_headings(blocks: Sequence[Block]) -> list[ChapterStart]:
    """Chapter starts of a book without a table of contents.

    They are its outermost headings; a single one is the book's title and headings that have no text are parts, so
    then the next rank counts too.
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
    """For each start the number of the nearest one before it with a smaller level."""
    parents: list[int | None] = []
    for number, start in enumerate(starts):
        candidate = number - 1 if number else None
        while candidate is not None and starts[candidate].level >= start.level:
            candidate = parents[candidate]
        parents.append(candidate)
    return parents


def _full_title(starts: Sequence[ChapterStart], parents: Sequence[int | None], number: int) -> str:
    """The title; a bare number inside a part is told apart from the same number of other parts."""
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
    """Opening paragraphs that only repeat the chapter's title are its headings, whatever element they came in."""
    title = letters_of(start.title)
    mended = list(own)
    for index, block in enumerate(own[:_MOST_TITLE_BLOCKS]):
        letters = letters_of(block.text)
        if not letters or letters not in title:
            break
        if block.kind == "paragraph":
            mended[index] = replace(block, kind="heading", level=start.level)
        title = title.replace(letters, "", 1)
    return tuple(mended)


def _first_heading(blocks: Sequence[Block]) -> str:
    return next((block.text for block in blocks if block.kind == "heading"), "")


def _is_titles_only(blocks: Sequence[Block]) -> bool:
    return all(block.kind == "heading" for block in blocks)


def _n_characters(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)
