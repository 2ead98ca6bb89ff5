"""Collector of the blocks of a page: text between the boundaries of block elements, with its position in the tree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lxml import etree

from hierbatch.frontend.books.book import SCENE_BREAK_S, Block
from hierbatch.frontend.books.characters import has_letters_or_digits, join_heading, tidy
from hierbatch.frontend.books.inline_notes import without_inline_notes
from hierbatch.frontend.books.line_breaks import (
    HARD_BREAK,
    SOFT_BREAK,
    join_lines,
    split_at_breaks,
    split_at_empty_lines,
)
from hierbatch.frontend.books.rules import NOTE, reason_of_title

_PAUSES_ONLY = re.compile(r"(?:\s*\[pause:(?P<pause_s>[\d.]+)\])+")
_MAX_BLANK_SHARE = 1 / 3
_RUBY_BASE = "ruby base"


@dataclass(frozen=True, slots=True)
class TextSegment:
    """Segment of a block's text: the text of an element, the tail after it, or the alternative text of a picture."""

    element: etree._Element
    kind: Literal["text", "tail", "alt"]
    text: str


_Piece = tuple[str, TextSegment | None]


class BlockCollector:
    """Collector of the blocks of a page, their segments in the tree, and the number of skipped characters by reason."""

    def __init__(self, href: str, keep: frozenset[str]) -> None:
        self.blocks: list[Block] = []
        self.segments: list[tuple[TextSegment, ...]] = []
        self.skipped: Counter[str] = Counter()
        self._href, self._keep = href, keep
        self._pieces: list[_Piece] = []
        self._block_name = ""
        self._position = href
        self._n_at_position: Counter[str] = Counter()
        self._heading_levels: list[int] = []
        self._block_reason: str | None = None
        self._section_reason: str | None = None
        self._section_level = 0
        self._n_verse = 0  # depth of elements in which every line end counts
        self._is_base_muted = False  # inside the base of a ruby whose gloss is read
        self._blanks: set[int] = set()

    def add(
        self, text: str | None, element: etree._Element | None = None, kind: Literal["text", "tail", "alt"] = "text"
    ) -> None:
        """Add text to the current block; `element` and `kind` give its place in the tree (None for generated text)."""
        if not text:
            return
        if self._is_base_muted:
            self.skipped[_RUBY_BASE] += len(tidy(text))
            return
        segment = None if element is None else TextSegment(element, kind, text)
        self._pieces.append((text.replace("\n", SOFT_BREAK) if self._n_verse else text, segment))

    def end_block(self) -> None:
        """Close the current block, and keep it or count its characters as skipped."""
        pieces, self._pieces = self._pieces, []
        reason, self._block_reason = self._block_reason, None
        parts = [pieces] if self._heading_levels else split_at_empty_lines(pieces)
        for part in parts:
            self._end_paragraph(part, reason)
        is_empty = self._block_name in ("p", "div") and not any(text.strip() for text, _ in pieces)
        if is_empty and self.blocks and any("\u00a0" in text or text == HARD_BREAK for text, _ in pieces):
            self._blanks.add(len(self.blocks) - 1)
        self._block_name = ""

    def finish(self) -> None:
        """Turn empty paragraphs into scene breaks, unless there are so many that they merely separate paragraphs."""
        n_paragraphs = sum(block.kind == "paragraph" for block in self.blocks)
        if len(self._blanks) > max(1, _MAX_BLANK_SHARE * n_paragraphs):
            return
        for index in self._blanks:
            self._break_scene(index)

    def _end_paragraph(self, pieces: Sequence[_Piece], reason: str | None) -> None:
        lines = split_at_breaks("".join(text for text, _ in pieces))
        text = join_heading(lines) if self._heading_levels else join_lines(lines)
        if not text:
            return
        if self._heading_levels:
            self._begin_section(text, self._heading_levels[-1])
        reason = reason or self._section_reason
        if reason is not None:
            self.skipped[reason] += len(text)
            return
        text, n_noted = without_inline_notes(text)
        if n_noted:
            self.skipped[NOTE] += n_noted
        if pauses := _PAUSES_ONLY.fullmatch(text):
            if self.blocks:
                self.blocks[-1] = replace(self.blocks[-1], pause_after_s=float(pauses["pause_s"]))
        elif not has_letters_or_digits(text):
            self._break_scene()
        else:
            level = self._heading_levels[-1] if self._heading_levels else 0
            kind: Literal["heading", "paragraph"] = "heading" if level else "paragraph"
            self.blocks.append(Block(kind=kind, text=text, source_ref=self._unique_position(), level=level))
            self.segments.append(tuple(segment for _, segment in pieces if segment is not None))

    def _begin_section(self, heading: str, level: int) -> None:
        """Begin a section; one headed "Notes" or the like is skipped, up to the next heading of at least its rank."""
        if self._section_reason is not None and level > self._section_level:
            return
        self._section_reason, self._section_level = self._unless_kept(reason_of_title(heading)), level

    def _break_scene(self, index: int = -1) -> None:
        if self.blocks and self.blocks[index].kind == "paragraph":
            self.blocks[index] = replace(self.blocks[index], pause_after_s=SCENE_BREAK_S)

    def _unless_kept(self, reason: str | None) -> str | None:
        return None if reason in self._keep else reason

    def _has_text(self) -> bool:
        return any(text.strip() for text, _ in self._pieces)

    def _position_of(self, element: etree._Element) -> str:
        fragment = element.get("id")
        return f"{self._href}#{fragment}" if fragment else f"{self._href}:{element.sourceline}"

    def _unique_position(self) -> str:
        """Current position; a number is added if several blocks share it, since a position identifies a block."""
        self._n_at_position[self._position] += 1
        number = self._n_at_position[self._position]
        return self._position if number == 1 else f"{self._position}.{number}"
