"""What every format is read into: a book of chapters of blocks, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SCENE_BREAK_S = 1.6
"""Silence a scene break (a rule, a row of asterisks) asks for: longer than a paragraph's, shorter than a chapter's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One heading or paragraph: plain text on one line, no markup.

    `source_ref` says where it stands in the book (`file#id` or `file:line`), `level` is a heading's depth (1 is the
    outermost, 0 for a paragraph) and `pause_after_s` is set only where the book itself asks for a silence.
    """

    kind: Literal["heading", "paragraph"]
    text: str
    source_ref: str
    level: int = 0
    pause_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One entry of the table of contents with the text up to the next entry; `level` 1 is the outermost."""

    title: str
    level: int
    blocks: tuple[Block, ...]

    @property
    def n_characters(self) -> int:
        """Characters that will be read aloud."""
        return sum(len(block.text) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the book that is not read aloud: what it is, the rule that dropped it, and its size."""

    what: str
    reason: str
    n_characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A whole book in reading order.

    `language` is the book's own tag (BCP 47, such as `en-GB`) or empty; `cover` is a JPEG or PNG file's bytes;
    `remarks` are sentences for the user about how the book was read (a guessed encoding, a missing contents list).
    """

    title: str
    author: str
    language: str
    chapters: tuple[Chapter, ...]
    cover: bytes | None = None
    skipped: tuple[Skipped, ...] = ()
    remarks: tuple[str, ...] = ()
