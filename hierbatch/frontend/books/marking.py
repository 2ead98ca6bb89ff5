"""Wrapping of each sentence of a page in a `<span>`, with all markup preserved."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from lxml import etree

from hierbatch.frontend.books.block_collector import TextSegment
from hierbatch.frontend.books.markup import local_name
from hierbatch.frontend.books.sentence_spans import SentenceSpan

XHTML = "http://www.w3.org/1999/xhtml"

_CONTAINERS = frozenset({"table", "thead", "tbody", "tfoot", "tr", "colgroup"})
_OUTER = _CONTAINERS | {"td", "th"}
"""Elements that a span cannot contain."""


def wrap_sentences(segments: Sequence[TextSegment], spans: Sequence[SentenceSpan]) -> bool:
    """Wrap each sentence of one block in a `<span id>`; elements that cross a sentence boundary are split there.

    Args:
        segments: text of the block in the element tree, in order.
        spans: position of each sentence in the joined text of the segments.

    Returns:
        True if the sentences were wrapped; False, without any change, if there are none, or if no element contains all
        segments.
    """
    parent = _common_parent(segments)
    if parent is None or not spans:
        return False
    slots = sorted({_slot(parent, segment) for segment in segments})
    builder = _Builder(parent, {(segment.element, segment.kind) for segment in segments}, spans)
    children = list(parent)
    texts = [parent.text or "", *(child.tail or "" for child in children)]
    first, last = slots[0], slots[-1]
    for slot in range(first, last + 1):
        if slot % 2:
            builder.element(children[slot // 2])
        else:
            owner = parent if slot == 0 else children[slot // 2 - 1]
            builder.text(texts[slot // 2], (owner, "text" if slot == 0 else "tail") in builder.spoken)
    builder.name_sentences()
    rebuilt = builder.rebuilt
    before, after = children[: first // 2], children[(last + 1) // 2 :]
    opening = (rebuilt.text or "") if first % 2 == 0 else texts[first // 2] + (rebuilt.text or "")
    if last % 2:
        rebuilt[-1].tail = (rebuilt[-1].tail or "") + texts[last // 2 + 1]
    _replace(parent, before, opening, list(rebuilt), after)
    return True


class _Builder:
    """Builder of a copy of inline markup in which each sentence has a `<span>`."""

    def __init__(
        self, parent: etree._Element, spoken: set[tuple[etree._Element, str]], spans: Sequence[SentenceSpan]
    ) -> None:
        self.spoken = spoken
        self._parent = parent
        self.rebuilt = etree.Element("rebuilt")
        self._spans = list(spans)
        self._position = 0
        self._path: list[etree._Element] = []  # open elements of the page
        self._chain: list[tuple[object, etree._Element]] = []  # open elements of the rebuilt run, each with its origin
        self._cloned: set[etree._Element] = set()
        self._opened: dict[str, list[etree._Element]] = {}  # spans of each sentence: one in each cell of a table row

    def name_sentences(self) -> None:
        """Set the id of each sentence on the longest of its spans."""
        for element_id, spans in self._opened.items():
            max(spans, key=lambda span: len("".join(span.itertext()))).set("id", element_id)

    def element(self, element: etree._Element) -> None:
        """Add an element of the page: rebuilt around its spoken text, or copied as it is if it has none."""
        if not any((inner, kind) in self.spoken for inner in element.iter() for kind in ("text", "alt")) and not any(
            (inner, "tail") in self.spoken for inner in element.iterdescendants()
        ):
            self._append(_without_tail(element))
            return
        if (element, "alt") in self.spoken:
            self._open(self._current_span())
            self._append(_without_tail(element))
            self._position += len(element.get("alt", "").strip())
            return
        self._path.append(element)
        self.text(element.text or "", (element, "text") in self.spoken)
        for child in element:
            self.element(child)
            self.text(child.tail or "", (child, "tail") in self.spoken)
        self._path.pop()

    def text(self, text: str, is_spoken: bool) -> None:
        """Add text of the page, split at the boundaries of sentences."""
        if not is_spoken:
            self._add(text)
            return
        start = 0
        while start < len(text):
            span = self._current_span()
            boundaries = [boundary - self._position for s in self._spans for boundary in (s.start, s.end)]
            end = min((boundary for boundary in boundaries if boundary > 0), default=len(text))
            end = min(len(text), start + end)
            # White space between the cells of a row belongs to no sentence: a row has no spans.
            container = self._path[-1] if self._path else self._parent
            self._open(None if local_name(container) in _CONTAINERS else span)
            self._add(text[start:end])
            self._position += end - start
            start = end

    def _current_span(self) -> SentenceSpan | None:
        return next((span for span in self._spans if span.start <= self._position < span.end), None)

    def _open(self, span: SentenceSpan | None) -> None:
        """Open and close elements until the open ones are, from the outside in, cell, sentence and inline elements."""
        n_outer = max((n for n, element in enumerate(self._path, 1) if local_name(element) in _OUTER), default=0)
        target: list[object] = [*self._path[:n_outer], *([span] if span else []), *self._path[n_outer:]]
        n_same = 0
        while n_same < min(len(target), len(self._chain)) and self._chain[n_same][0] is target[n_same]:
            n_same += 1
        del self._chain[n_same:]
        for key in target[n_same:]:
            parent = self._chain[-1][1] if self._chain else self.rebuilt
            self._chain.append((key, self._start_element(parent, key)))

    def _start_element(self, parent: etree._Element, key: object) -> etree._Element:
        if isinstance(key, SentenceSpan):
            span = etree.SubElement(parent, f"{{{XHTML}}}span")
            self._opened.setdefault(key.element_id, []).append(span)
            return span
        assert isinstance(key, etree._Element)
        clone = etree.SubElement(parent, key.tag, attrib=dict(key.attrib), nsmap=key.nsmap)
        if key in self._cloned:
            clone.attrib.pop("id", None)  # the id stays with the first part
        self._cloned.add(key)
        return clone

    def _append(self, element: etree._Element) -> None:
        if [key for key, _ in self._chain if not isinstance(key, SentenceSpan)] != self._path:
            self._open(self._current_span())
        (self._chain[-1][1] if self._chain else self.rebuilt).append(element)

    def _add(self, text: str) -> None:
        parent = self._chain[-1][1] if self._chain else self.rebuilt
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text


def _common_parent(segments: Sequence[TextSegment]) -> etree._Element | None:
    """Lowest element that contains all segments; None if there is none."""
    if not segments:
        return None
    parents = [segment.element if segment.kind == "text" else segment.element.getparent() for segment in segments]
    if any(parent is None for parent in parents):
        return None
    lines = [[parent, *parent.iterancestors()][::-1] for parent in parents]
    common = None
    for level in zip(*lines, strict=False):
        if any(element is not level[0] for element in level):
            break
        common = level[0]
    return common


def _slot(parent: etree._Element, segment: TextSegment) -> int:
    """Number of the text or child of `parent` that contains a segment: texts are even, children odd."""
    if segment.kind == "text" and segment.element is parent:
        return 0
    element = segment.element
    while element.getparent() is not parent:
        element = element.getparent()
    is_own_tail = segment.kind == "tail" and element is segment.element
    result: int = 2 * parent.index(element) + (2 if is_own_tail else 1)
    return result


def _replace(
    parent: etree._Element,
    before: Sequence[etree._Element],
    opening: str,
    rebuilt: Sequence[etree._Element],
    after: Sequence[etree._Element],
) -> None:
    for child in parent:
        if child not in before and child not in after:
            child.tail = None
    kept_tails = [child.tail for child in after]
    for child in list(parent):
        if child not in before:
            parent.remove(child)
    if before:
        before[-1].tail = opening
    else:
        parent.text = opening
    for child in (*rebuilt, *after):
        parent.append(child)
    for child, tail in zip(after, kept_tails, strict=True):
        child.tail = tail


def _without_tail(element: etree._Element) -> etree._Element:
    copied = deepcopy(element)
    copied.tail = None
    return copied
