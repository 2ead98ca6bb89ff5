"""XHTML page reader: blocks to narrate, positions of anchors among them, and skipped text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
from hierbatch.frontend.books.markup import local_name
from hierbatch.frontend.books.prose_tables import separator_after
from hierbatch.frontend.books.ruby import is_reading
from hierbatch.frontend.books.rules import NOTE, n_columns, reason_of_title, reason_to_skip
from hierbatch.frontend.books.ssml import Pronunciation, pause_mark, pronunciation, replacement

_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre section "
    "summary table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_VERSE_LINE = re.compile(r"(verse-?)?line\d*|verse", re.I)
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PAUSES_ONLY = re.compile(r"(?:\s*\[pause:(?P<pause_s>[\d.]+)\])+")
_CELLS = ("td", "th")
_SPEECH = ("sub", "say-as", "phoneme", "emphasis", "break")
_MAX_BLANK_SHARE = 1 / 3
_RUBY_BASE = "ruby base"
_IDS = etree.XPath("descendant-or-self::*[@id or @name]")


@dataclass(frozen=True, slots=True)
class TextSegment:
    """Segment of a block's text in the tree: text of an element, tail after it, or alternative text of a picture."""

    element: etree._Element
    kind: Literal["text", "tail", "alt"]
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Blocks of one page; `anchors` maps each id to the index of the first block at or after it.

    `segments` has for each block the elements of the tree that contain its text.
    """

    blocks: tuple[Block, ...]
    anchors: Mapping[str, int]
    skipped: Mapping[str, int]  # number of characters by reason
    segments: tuple[tuple[TextSegment, ...], ...]
    pronunciations: tuple[Pronunciation, ...] = ()
    n_emphases: int = 0


_Piece = tuple[str, TextSegment | None]


def read_page(
    root: etree._Element,
    href: str,
    *,
    note_ids: frozenset[str] = frozenset(),
    chapter_ids: frozenset[str] = frozenset(),
    keep: frozenset[str] = frozenset(),
) -> Page:
    """Read one parsed page.

    Args:
        root: root element of the page
        href: path of the page in the book
        note_ids: ids of elements that are targets of note references
        chapter_ids: ids of elements in the table of contents; a skipped section ends at such an element
        keep: reasons for skipping text that do not apply to this book
    """
    reader = _PageReader(href, note_ids, chapter_ids, keep)
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start" and reader.open(element):
            walk.skip_subtree()
        elif event == "end":
            reader.close(element)
        if event != "start":
            reader.add(element.tail, element, "tail")
    reader.end_block()
    reader.finish()
    return Page(
        tuple(reader.blocks),
        reader.anchors,
        reader.skipped,
        tuple(reader.segments),
        tuple(reader.pronunciations),
        reader.n_emphases,
    )


class _PageReader:
    """Collects the text between boundaries of block elements in a traversal of the tree."""

    def __init__(self, href: str, note_ids: frozenset[str], chapter_ids: frozenset[str], keep: frozenset[str]) -> None:
        self.blocks: list[Block] = []
        self.segments: list[tuple[TextSegment, ...]] = []
        self.anchors: dict[str, int] = {}
        self.skipped: Counter[str] = Counter()
        self.pronunciations: list[Pronunciation] = []
        self.n_emphases = 0
        self._href, self._note_ids, self._chapter_ids, self._keep = href, note_ids, chapter_ids, keep
        self._pieces: list[_Piece] = []
        self._block_name = ""
        self._position = href
        self._n_at_position: Counter[str] = Counter()
        self._heading_levels: list[int] = []
        self._block_reason: str | None = None
        self._section_reason: str | None = None
        self._section_level = 0
        self._is_prose_table: list[bool] = []
        self._n_verse = 0  # depth of elements in which every line end counts
        self._is_base_muted = False
        self._alphabet = "ipa"
        self._skipped_element: etree._Element | None = None
        self._blanks: set[int] = set()

    def open(self, element: etree._Element) -> bool:
        """Begin an element; True if it is skipped with all its content."""
        name = local_name(element)
        if self._is_block(name):
            self.end_block()
            self._position, self._block_name = self._position_of(element), name
        elif name in _CELLS:
            self._separate_cell()
        self._mark_anchors(element)
        if self._note_ids.intersection(_ids(element)) and not self._has_text():
            self._block_reason = self._unless_kept(NOTE)
        if name == "img" and (text := self._text_of_picture(element)):
            self.add(text, element, "alt")
        if self._is_base_muted and name == "rt":
            self._is_base_muted = False
            self._begin(element, name)
            return False
        reason = NOTE if name in _BLOCKS and element.get("id") in self._note_ids else reason_to_skip(element)
        if self._unless_kept(reason) is not None:
            self._skip(element, reason or "")
        elif not self._replace(element, name):
            self._begin(element, name)
            return False
        self._skipped_element = element
        return True

    def close(self, element: etree._Element) -> None:
        """End an element."""
        if element is self._skipped_element:
            return
        name = local_name(element)
        if self._is_block(name):
            self.end_block()
        if name == "table":
            del self._is_prose_table[-1:]
        elif name in _HEADINGS or name == "hgroup":
            del self._heading_levels[-1:]
        elif name == "pre":
            self._n_verse -= 1
        elif name == "span" and _VERSE_LINE.fullmatch(element.get("class", "")):
            self.add(SOFT_BREAK)
        elif name == "ruby":
            self._is_base_muted = False
        elif name == "rt":
            self._is_base_muted = True

    def add(
        self, text: str | None, element: etree._Element | None = None, kind: Literal["text", "tail", "alt"] = "text"
    ) -> None:
        """Add text to the current block with its position in the tree; a generated line break has none."""
        if not text:
            return
        if self._is_base_muted:
            self.skipped[_RUBY_BASE] += len(tidy(text))
            return
        segment = None if element is None else TextSegment(element, kind, text)
        self._pieces.append((text.replace("\n", SOFT_BREAK) if self._n_verse else text, segment))

    def end_block(self) -> None:
        """Close the current block: keep it, or count it as skipped."""
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
        """Turn empty paragraphs into scene breaks, unless they merely separate most paragraphs of the page."""
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

    def _begin(self, element: etree._Element, name: str) -> None:
        if name in _HEADINGS:
            self._heading_levels.append(_HEADINGS[name])
        elif name == "hgroup":
            levels = [_HEADINGS[inner] for inner in map(local_name, element) if inner in _HEADINGS]
            self._heading_levels.append(min(levels, default=1))
        elif name == "br":
            self.add(HARD_BREAK)
        elif name == "hr":
            self._break_scene()
        elif name == "table":
            self._is_prose_table.append(n_columns(element) > 1)
        elif name == "pre":
            self._n_verse += 1
        elif name == "ruby":
            self._is_base_muted = is_reading(element)
        text = element.text
        if name == "sup" and text and text.isdigit():
            text = text.translate(_SUPERSCRIPTS)
        self.add(text, element)

    def _replace(self, element: etree._Element, name: str) -> bool:
        """Apply speech markup; True if it replaces the content of the element."""
        attributes = dict(element.attrib)
        if not attributes and name not in _SPEECH:
            return False
        if name == "break":
            self.add(pause_mark(attributes))
        self.n_emphases += name == "emphasis"
        own = element.text or ""
        spoken = replacement(name, attributes, own) if len(element) == 0 else None
        if spoken is not None:
            self._pieces.append((spoken, TextSegment(element, "text", own) if own else None))
            return True
        if any(key.endswith("alphabet") for key in attributes) and name in ("html", "body"):
            self._alphabet = next(value for key, value in attributes.items() if key.endswith("alphabet"))
        if any(key.endswith("ph") for key in attributes):
            found = pronunciation(name, attributes, "".join(element.itertext()), self._alphabet)
            self.pronunciations += [found] if found else []
        return False

    def _separate_cell(self) -> None:
        """Begin a cell of a prose table: a speech follows the name of its speaker in one paragraph."""
        text = "".join(text for text, _ in self._pieces)
        separator = separator_after(text)
        if separator is not None:
            self.add(separator)
        elif text.strip():
            self.end_block()

    def _is_block(self, name: str) -> bool:
        is_cell_of_prose = name in _CELLS and bool(self._is_prose_table) and self._is_prose_table[-1]
        return name in _BLOCKS and not is_cell_of_prose

    def _has_text(self) -> bool:
        return any(text.strip() for text, _ in self._pieces)

    def _unless_kept(self, reason: str | None) -> str | None:
        return None if reason in self._keep else reason

    def _begin_section(self, heading: str, level: int) -> None:
        """Skip everything from a heading such as "Notes" up to the next heading of its rank."""
        if self._section_reason is not None and level > self._section_level:
            return
        self._section_reason, self._section_level = self._unless_kept(reason_of_title(heading)), level

    def _break_scene(self, index: int = -1) -> None:
        if self.blocks and self.blocks[index].kind == "paragraph":
            self.blocks[index] = replace(self.blocks[index], pause_after_s=SCENE_BREAK_S)

    def _skip(self, element: etree._Element, reason: str) -> None:
        for inner in _IDS(element):
            self._mark_anchors(inner)
        text = tidy("".join(element.itertext()))
        if reason and text:
            self.skipped[reason] += len(text)

    def _mark_anchors(self, element: etree._Element) -> None:
        for name in _ids(element):
            self.anchors.setdefault(name, len(self.blocks))
            if name in self._chapter_ids:
                self._section_reason = None

    def _text_of_picture(self, element: etree._Element) -> str:
        """Alternative text of a picture that replaces text: a heading or a drop capital."""
        alternative = element.get("alt", "").strip()
        return alternative if self._heading_levels or len(alternative) == 1 else ""

    def _position_of(self, element: etree._Element) -> str:
        fragment = element.get("id")
        return f"{self._href}#{fragment}" if fragment else f"{self._href}:{element.sourceline}"

    def _unique_position(self) -> str:
        """Current position, with a number if several blocks share it, since a position identifies a block."""
        self._n_at_position[self._position] += 1
        number = self._n_at_position[self._position]
        return self._position if number == 1 else f"{self._position}.{number}"


def _ids(element: etree._Element) -> list[str]:
    """Anchors of an element: `id`, and in old pages `<a name="...">`."""
    names = (element.get("id"), element.get("name") if local_name(element) == "a" else None)
    return [name for name in names if name]
