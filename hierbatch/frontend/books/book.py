"""Book independent of its file format: chapters of blocks, and a record of skipped text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hierbatch.frontend.books.details import BookDetails
from hierbatch.frontend.books.ssml import Pronunciation

SCENE_BREAK_S = 1.6
"""Pause at a scene break (a rule, a row of asterisks): longer than after a paragraph, shorter than after a chapter."""


MAX_BOOK_CHARACTERS = 10_000_000
"""Maximum length of a book, more than twice that of the Bible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Heading or paragraph: plain text on one line, without markup.

    `source_ref` is its position in the book (`file#id` or `file:line`), `level` the depth of a heading (1 is the
    outermost, 0 a paragraph), and `pause_after_s` a pause that the book itself requires, such as at a scene break.
    """

    kind: Literal["heading", "paragraph"]
    text: str
    source_ref: str
    level: int = 0
    pause_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Chapter with the text up to the next one; `level` 1 is the outermost."""

    title: str
    level: int
    blocks: tuple[Block, ...]

    @property
    def n_characters(self) -> int:
        """Number of characters to read aloud."""
        return sum(len(block.text) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class SkippedText:
    """Text of a book that is not read aloud: a label or location, the reason, and the number of characters."""

    label: str
    reason: str
    n_characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Content of a whole book in reading order, with its metadata.

    `language` is the language tag of the book (BCP 47, such as `en-GB`) or empty, `cover` the content of a JPEG or PNG
    file, and `remarks` are notices to the user about the import (a guessed encoding, a missing table of contents).
    `pronunciations` come from the markup and lexicons of the book, `details` its series, year, publisher and the like.
    """

    title: str
    author: str
    language: str
    chapters: tuple[Chapter, ...]
    cover: bytes | None = None
    skipped: tuple[SkippedText, ...] = ()
    remarks: tuple[str, ...] = ()
    pronunciations: tuple[Pronunciation, ...] = ()
    details: BookDetails = field(default_factory=BookDetails)

    @property
    def unread_share(self) -> float:
        """Share of the characters of the book that is not read aloud, not counting the license of the edition."""
        n_read = sum(chapter.n_characters for chapter in self.chapters)
        n_skipped = sum(skipped.n_characters for skipped in self.skipped if skipped.reason != "license text")
        return n_skipped / max(n_read + n_skipped, 1)
