"""XHTML page reader: blocks to narrate, positions of anchors among them, and skipped text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from lxml import etree

from hierbatch.frontend.books.book import SCENE_BREAK_S, Block
from hierbatch.frontend.books.characters import has_letters_or_digits, join_heading, tidy
from hierbatch.frontend.books.inline_notes import without_inline_notes
from hierbatch.frontend.books.markup import local_name
from hierbatch.frontend.books.rules import NOTE, reason_of_title, reason_to_skip

_BLOCK_NAMES = (
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre section "
    "summary table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_VERSE_LINE = re.compile(r"(verse-?)?line\d*|verse", re.I)
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_LINE_BREAK = "\u2028"  # replaces <br/>; a line end in the source counts as a space


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


def read_page(
    root: etree._Element,
    href: str,
    *,
    note_ids: frozenset[str] = frozenset(),
    chapter_ids: frozenset[str] = frozenset(),
) -> Page:
    """Read one parsed page.

    Args:
        root: root element of the page
        href: path of the page in the book
        note_ids: ids of elements that are targets of note references
        chapter_ids: ids of elements in the table of contents; a skipped section ends at such an element
    """
    reader = _PageReader(href, note_ids, chapter_ids)
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start" and reader.open(element):
            walk.skip_subtree()
        elif event == "end":
            reader.close(element)
        if event != "start":
            reader.add(element.tail, element, "tail")
    reader.end_block()
    return Page(tuple(reader.blocks), reader.anchors, reader.skipped, tuple(reader.segments))


class _PageReader:
    """Collects the text between boundaries of block elements in a traversal of the tree."""

    def __init__(self, href: str, note_ids: frozenset[str], chapter_ids: frozenset[str]) -> None:
        self.blocks: list[Block] = []
        self.segments: list[tuple[TextSegment, ...]] = []
        self.anchors: dict[str, int] = {}
        self.skipped: Counter[str] = Counter()
        self._href, self._note_ids, self._chapter_ids = href, note_ids, chapter_ids
        self._text: list[str] = []
        self._block_segments: list[TextSegment] = []
        self._position = href
        self._n_at_position: Counter[str] = Counter()
        self._heading_levels: list[int] = []
        self._block_reason: str | None = None
        self._section_reason: str | None = None
        self._section_level = 0

    def open(self, element: etree._Element) -> bool:
        """Begin an element; True if it is skipped with all its content."""
        name = local_name(element)
        if name in _BLOCKS:
            self.end_block()
            self._position = self._position_of(element)
        self._mark_anchors(element)
        if self._note_ids.intersection(_ids(element)) and not "".join(self._text).strip():
            self._block_reason = NOTE
        if name == "img" and (text := self._text_of_picture(element)):
            self.add(text, element, "alt")
        reason = NOTE if name in _BLOCKS and element.get("id") in self._note_ids else reason_to_skip(element)
        if reason is not None:
            self._skip(element, reason)
            return True
        self._begin(element, name)
        return False

    def close(self, element: etree._Element) -> None:
        """End an element."""
        name = local_name(element)
        if name in _BLOCKS:
            self.end_block()
        if name in _HEADINGS or name == "hgroup":
            del self._heading_levels[-1:]
        elif name == "span" and _VERSE_LINE.fullmatch(element.get("class", "")):
            self.add(" ")

    def add(
        self, text: str | None, element: etree._Element | None = None, kind: Literal["text", "tail", "alt"] = "text"
    ) -> None:
        """Add text to the current block with its position in the tree; a generated line break has none."""
        if text:
            self._text.append(text)
            if element is not None:
                self._block_segments.append(TextSegment(element, kind, text))

    def end_block(self) -> None:
        """Close the current block: keep it, or count it as skipped."""
        text = self._take_text()
        segments, self._block_segments = tuple(self._block_segments), []
        reason, self._block_reason = self._block_reason, None
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
        if not has_letters_or_digits(text):
            self._break_scene()
        else:
            level = self._heading_levels[-1] if self._heading_levels else 0
            kind: Literal["heading", "paragraph"] = "heading" if level else "paragraph"
            self.blocks.append(Block(kind=kind, text=text, source_ref=self._unique_position(), level=level))
            self.segments.append(segments)

    def _begin(self, element: etree._Element, name: str) -> None:
        if name in _HEADINGS:
            self._heading_levels.append(_HEADINGS[name])
        elif name == "hgroup":
            levels = [_HEADINGS[inner] for inner in map(local_name, element) if inner in _HEADINGS]
            self._heading_levels.append(min(levels, default=1))
        elif name == "br":
            self.add(_LINE_BREAK)
        elif name == "hr":
            self._break_scene()
        text = element.text
        if name == "sup" and text and text.isdigit():
            text = text.translate(_SUPERSCRIPTS)
        self.add(text, element)

    def _take_text(self) -> str:
        raw = "".join(self._text)
        self._text.clear()
        return join_heading(raw.split(_LINE_BREAK)) if self._heading_levels else tidy(raw)

    def _begin_section(self, heading: str, level: int) -> None:
        """Skip everything from a heading such as "Notes" up to the next heading of its rank."""
        if self._section_reason is not None and level > self._section_level:
            return
        self._section_reason, self._section_level = reason_of_title(heading), level

    def _break_scene(self) -> None:
        if self.blocks and self.blocks[-1].kind == "paragraph":
            self.blocks[-1] = replace(self.blocks[-1], pause_after_s=SCENE_BREAK_S)

    def _skip(self, element: etree._Element, reason: str) -> None:
        for inner in element.iter(etree.Element):
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
