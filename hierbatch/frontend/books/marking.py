"""Sentences of a page wrapped in elements of their own, the markup around and inside them kept."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

from lxml import etree

from hierbatch.frontend.books.page import Piece
from hierbatch.frontend.books.sentence_spans import Span

XHTML = "http://www.w3.org/1999/xhtml"


def wrap_sentences(pieces: Sequence[Piece], spans: Sequence[Span]) -> bool:
    """Wrap the spans of one block in `<span id>`; elements that reach over a border are split there.

    False, and nothing changed, where the block is not one run of inline markup.
    """
    parent = _common_parent(pieces)
    if parent is None or not spans:
        return False
    slots = sorted({_slot(parent, piece) for piece in pieces})
    builder = _Builder({(piece.element, piece.kind) for piece in pieces}, spans)
    children = list(parent)
    texts = [parent.text or "", *(child.tail or "" for child in children)]
    first, last = slots[0], slots[-1]
    for slot in range(first, last + 1):
        if slot % 2:
            builder.element(children[slot // 2])
        else:
            owner = parent if slot == 0 else children[slot // 2 - 1]
            builder.text(texts[slot // 2], (owner, "text" if slot == 0 else "tail") in builder.spoken)
    made = builder.made
    before, after = children[: first // 2], children[(last + 1) // 2 :]
    opening = (made.text or "") if first % 2 == 0 else texts[first // 2] + (made.text or "")
    if last % 2:
        made[-1].tail = (made[-1].tail or "") + texts[last // 2 + 1]
    _replace(parent, before, opening, list(made), after)
    return True


class _Builder:
    """Rebuilds a run of inline markup while sentences open and close across it."""

    def __init__(self, spoken: set[tuple[etree._Element, str]], spans: Sequence[Span]) -> None:
        self.spoken = spoken
        self.made = etree.Element("made")
        self._spans = list(spans)
        self._position = 0
        self._path: list[etree._Element] = []  # elements of the page that are open
        self._chain: list[tuple[object, etree._Element]] = []  # what is open in the rebuilt run, and for what
        self._cloned: set[etree._Element] = set()
        self._sentences: dict[str, etree._Element] = {}

    def element(self, element: etree._Element) -> None:
        """An element of the page: opened and closed around its text, or taken over whole where it has none of ours."""
        if not any((inner, kind) in self.spoken for inner in element.iter() for kind in ("text", "alt")) and not any(
            (inner, "tail") in self.spoken for inner in element.iterdescendants()
        ):
            self._append(_alone(element))
            return
        if (element, "alt") in self.spoken:
            self._open(self._here())
            self._append(_alone(element))
            self._position += len(element.get("alt", "").strip())
            return
        self._path.append(element)
        self.text(element.text or "", (element, "text") in self.spoken)
        for child in element:
            self.element(child)
            self.text(child.tail or "", (child, "tail") in self.spoken)
        self._path.pop()

    def text(self, text: str, is_spoken: bool) -> None:
        """Text of the page, cut where sentences begin and end."""
        if not is_spoken:
            self._add(text)
            return
        start = 0
        while start < len(text):
            span = self._here()
            borders = [border - self._position for s in self._spans for border in (s.start, s.end)]
            end = min((border for border in borders if border > 0), default=len(text))
            end = min(len(text), start + end)
            self._open(span)
            self._add(text[start:end])
            self._position += end - start
            start = end

    def _here(self) -> Span | None:
        return next((span for span in self._spans if span.start <= self._position < span.end), None)

    def _open(self, span: Span | None) -> None:
        """Bring the open elements to those of the page inside those of the sentence."""
        wanted: list[object] = [*([span] if span else []), *self._path]
        n_same = 0
        while n_same < min(len(wanted), len(self._chain)) and self._chain[n_same][0] is wanted[n_same]:
            n_same += 1
        del self._chain[n_same:]
        for key in wanted[n_same:]:
            parent = self._chain[-1][1] if self._chain else self.made
            self._chain.append((key, self._begun(parent, key)))

    def _begun(self, parent: etree._Element, key: object) -> etree._Element:
        if isinstance(key, Span):
            return etree.SubElement(parent, f"{{{XHTML}}}span", id=key.element_id)
        assert isinstance(key, etree._Element)
        clone = etree.SubElement(parent, key.tag, attrib=dict(key.attrib), nsmap=key.nsmap)
        if key in self._cloned:
            clone.attrib.pop("id", None)  # an id names the first part alone
        self._cloned.add(key)
        return clone

    def _append(self, element: etree._Element) -> None:
        if [key for key, _ in self._chain if not isinstance(key, Span)] != self._path:
            self._open(self._here())
        (self._chain[-1][1] if self._chain else self.made).append(element)

    def _add(self, text: str) -> None:
        place = self._chain[-1][1] if self._chain else self.made
        if len(place):
            place[-1].tail = (place[-1].tail or "") + text
        else:
            place.text = (place.text or "") + text


def _common_parent(pieces: Sequence[Piece]) -> etree._Element | None:
    """The element in whose run of children all pieces stand; None where a piece stands outside every other's."""
    if not pieces:
        return None
    parents = [piece.element if piece.kind == "text" else piece.element.getparent() for piece in pieces]
    if any(parent is None for parent in parents):
        return None
    lines = [[parent, *parent.iterancestors()][::-1] for parent in parents]
    common = None
    for level in zip(*lines, strict=False):
        if any(element is not level[0] for element in level):
            break
        common = level[0]
    return common


def _slot(parent: etree._Element, piece: Piece) -> int:
    """Number of the text or child of `parent` that a piece stands in: texts are even, children odd."""
    if piece.kind == "text" and piece.element is parent:
        return 0
    element = piece.element
    while element.getparent() is not parent:
        element = element.getparent()
    is_own_tail = piece.kind == "tail" and element is piece.element
    return 2 * parent.index(element) + (2 if is_own_tail else 1)


def _replace(
    parent: etree._Element,
    before: Sequence[etree._Element],
    opening: str,
    made: Sequence[etree._Element],
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
    for child in (*made, *after):
        parent.append(child)
    for child, tail in zip(after, kept_tails, strict=True):
        child.tail = tail


def _alone(element: etree._Element) -> etree._Element:
    copied = deepcopy(element)
    copied.tail = None
    return copied
