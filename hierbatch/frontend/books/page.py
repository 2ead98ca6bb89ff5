"""One XHTML page -> the blocks a narrator reads, where each anchor stands among them, and what was passed over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from lxml import etree

from hierbatch.frontend.books.book import SCENE_BREAK_S, Block
from hierbatch.frontend.books.characters import is_spoken, join_heading, tidy
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
_LINE_BREAK = "\u2028"  # what <br/> becomes: a line end in the source is a mere space


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of a block where it stands in the tree: an element's text, the tail after it, or a picture's words."""

    element: etree._Element
    kind: Literal["text", "tail", "alt"]
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Blocks of one page; `anchors` gives for each id the index of the first block at or after it.

    `pieces` says for each block where in the tree its text stands.
    """

    blocks: tuple[Block, ...]
    anchors: Mapping[str, int]
    skipped: Mapping[str, int]  # reason -> characters
    pieces: tuple[tuple[Piece, ...], ...]


def read_page(
    root: etree._Element,
    href: str,
    *,
    note_ids: frozenset[str] = frozenset(),
    chapter_ids: frozenset[str] = frozenset(),
) -> Page:
    """Read one parsed page.

    `note_ids` are elements that note references point to, `chapter_ids` those the table of contents points to: a
    section that is not read ends at the latter.
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
    return Page(tuple(reader.blocks), reader.anchors, reader.skipped, tuple(reader.pieces))


class _PageReader:
    """Gathers text between the borders of block elements while the tree is walked."""

    def __init__(self, href: str, note_ids: frozenset[str], chapter_ids: frozenset[str]) -> None:
        self.blocks: list[Block] = []
        self.pieces: list[tuple[Piece, ...]] = []
        self.anchors: dict[str, int] = {}
        self.skipped: Counter[str] = Counter()
        self._href, self._note_ids, self._chapter_ids = href, note_ids, chapter_ids
        self._text: list[str] = []
        self._own_pieces: list[Piece] = []
        self._place = href
        self._n_at_place: Counter[str] = Counter()
        self._heading_levels: list[int] = []
        self._block_reason: str | None = None
        self._section_reason: str | None = None
        self._section_level = 0

    def open(self, element: etree._Element) -> bool:
        """Begin an element; True where it and all it holds is passed over."""
        name = local_name(element)
        if name in _BLOCKS:
            self.end_block()
            self._place = self._place_of(element)
        self._mark_anchors(element)
        if self._note_ids.intersection(_ids(element)) and not "".join(self._text).strip():
            self._block_reason = NOTE
        if name == "img" and (letters := self._letters_of_picture(element)):
            self.add(letters, element, "alt")
        reason = NOTE if name in _BLOCKS and element.get("id") in self._note_ids else reason_to_skip(element)
        if reason is not None:
            self._pass_over(element, reason)
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
        """Text inside the current block, and where it stands; what stands for a line's end stands nowhere."""
        if text:
            self._text.append(text)
            if element is not None:
                self._own_pieces.append(Piece(element, kind, text))

    def end_block(self) -> None:
        """Close the current block: keep it, or count it among what is passed over."""
        text = self._take_text()
        pieces, self._own_pieces = tuple(self._own_pieces), []
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
        if not is_spoken(text):
            self._break_scene()
        else:
            level = self._heading_levels[-1] if self._heading_levels else 0
            kind: Literal["heading", "paragraph"] = "heading" if level else "paragraph"
            self.blocks.append(Block(kind=kind, text=text, source_ref=self._free_place(), level=level))
            self.pieces.append(pieces)

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
        """A heading such as "Notes" silences all up to the next heading of its rank."""
        if self._section_reason is not None and level > self._section_level:
            return
        self._section_reason, self._section_level = reason_of_title(heading), level

    def _break_scene(self) -> None:
        if self.blocks and self.blocks[-1].kind == "paragraph":
            self.blocks[-1] = replace(self.blocks[-1], pause_after_s=SCENE_BREAK_S)

    def _pass_over(self, element: etree._Element, reason: str) -> None:
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

    def _letters_of_picture(self, element: etree._Element) -> str:
        """A picture's words where it stands for text: a drawn heading or a drop capital."""
        alternative = element.get("alt", "").strip()
        return alternative if self._heading_levels or len(alternative) == 1 else ""

    def _place_of(self, element: etree._Element) -> str:
        fragment = element.get("id")
        return f"{self._href}#{fragment}" if fragment else f"{self._href}:{element.sourceline}"

    def _free_place(self) -> str:
        """The current place, numbered where several blocks share it: a block is known by its place."""
        self._n_at_place[self._place] += 1
        number = self._n_at_place[self._place]
        return self._place if number == 1 else f"{self._place}.{number}"


def _ids(element: etree._Element) -> list[str]:
    """Names a link can point to: `id`, and in old pages `<a name="...">`."""
    names = (element.get("id"), element.get("name") if local_name(element) == "a" else None)
    return [name for name in names if name]
