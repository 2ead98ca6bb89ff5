"""Reader for XHTML pages: blocks to narrate, positions of anchors among the blocks, and skipped text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from hierbatch.frontend.books.block_collector import BlockCollector, TextSegment
from hierbatch.frontend.books.book import Block
from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.line_breaks import (
    HARD_BREAK,
    SOFT_BREAK,
)
from hierbatch.frontend.books.markup import local_name
from hierbatch.frontend.books.prose_tables import separator_after
from hierbatch.frontend.books.ruby import is_reading
from hierbatch.frontend.books.rules import NOTE, n_columns, reason_to_skip
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
_CELLS = ("td", "th")
_SPEECH = ("sub", "say-as", "phoneme", "emphasis", "break")
_IDS = etree.XPath("descendant-or-self::*[@id or @name]")


@dataclass(frozen=True, slots=True)
class Page:
    """Blocks of one page; `anchors` maps each id to the index of the first block at or after it.

    `segments` has, for each block, the segments of the element tree that contain its text.
    """

    blocks: tuple[Block, ...]
    anchors: Mapping[str, int]
    skipped: Mapping[str, int]  # number of characters by reason
    segments: tuple[tuple[TextSegment, ...], ...]
    pronunciations: tuple[Pronunciation, ...] = ()
    n_emphases: int = 0


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
        root: root element of the page.
        href: path of the page in the book.
        note_ids: ids of elements that are targets of note references.
        chapter_ids: ids to which the table of contents links; a skipped section ends at such an element.
        keep: skip reasons to ignore: text that has one of them is read.
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


class _PageReader(BlockCollector):
    """Collector of the text between the boundaries of block elements while the element tree is traversed."""

    def __init__(self, href: str, note_ids: frozenset[str], chapter_ids: frozenset[str], keep: frozenset[str]) -> None:
        super().__init__(href, keep)
        self.anchors: dict[str, int] = {}
        self.pronunciations: list[Pronunciation] = []
        self.n_emphases = 0
        self._note_ids, self._chapter_ids = note_ids, chapter_ids
        self._is_prose_table: list[bool] = []
        self._alphabet = "ipa"
        self._skipped_element: etree._Element | None = None

    def open(self, element: etree._Element) -> bool:
        """Begin an element; return True if its content is skipped or replaced."""
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
        """Apply speech markup; return True if it replaces the content of the element."""
        attributes = dict(element.attrib.items())  # by pairs: lxml does not look up names that only HTML allows
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
        """Begin a cell of a prose table: the name of a speaker and the speech after it form one paragraph."""
        text = "".join(text for text, _ in self._pieces)
        separator = separator_after(text)
        if separator is not None:
            self.add(separator)
        elif text.strip():
            self.end_block()

    def _is_block(self, name: str) -> bool:
        is_cell_of_prose = name in _CELLS and bool(self._is_prose_table) and self._is_prose_table[-1]
        return name in _BLOCKS and not is_cell_of_prose

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
        """Alternative text of a picture that replaces text, in a heading or as a drop capital; else empty."""
        alternative = element.get("alt", "").strip()
        return alternative if self._heading_levels or len(alternative) == 1 else ""


def _ids(element: etree._Element) -> list[str]:
    """Anchors of an element: `id`, and in old pages `<a name="...">`."""
    names = (element.get("id"), element.get("name") if local_name(element) == "a" else None)
    return [name for name in names if name]
