"""Detection of notes by the references to them.

Newer books mark their notes by type (see rules.py). In older books, a note is recognized only as a paragraph that an
earlier superscript number links to.
"""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import unquote, urldefrag

from lxml import etree

from hierbatch.frontend.books.archive import resolve
from hierbatch.frontend.books.markup import local_name
from hierbatch.frontend.books.rules import is_note_reference, note_mark

_OPENING_CHARACTERS = 10
_CANDIDATES = etree.XPath("descendant-or-self::*[@id or @name or contains(@href, '#')]")
_NOTE_HOLDERS = frozenset({"li", "aside", "dd"})  # their mark is added by the reading system


class NoteFinder:
    """Finder of the notes in a book, page by page in reading order.

    Only a forward link counts, to an element that begins with the mark of the link, because the backlink from a note to
    its sentence looks like a reference too.
    """

    def __init__(self) -> None:
        self._marks: defaultdict[tuple[str, str], set[str]] = defaultdict(set)

    def notes_of(self, href: str, root: etree._Element) -> frozenset[str]:
        """Find the ids of the notes on a page, and remember its references for later pages."""
        found: set[str] = set()
        for element in _CANDIDATES(root):
            link = element.get("href", "")
            if local_name(element) == "a" and "#" in link and is_note_reference(element):
                self._marks[_target(href, link)].add(_mark_of(element))
            name = element.get("id") or element.get("name")
            marks = self._marks.get((href, name)) if name else None
            if marks and any(_begins_with(element, mark) for mark in marks):
                found.add(name)
        return frozenset(found)


def _target(href: str, link: str) -> tuple[str, str]:
    path, fragment = urldefrag(link)
    return resolve(href, unquote(path)) or "", unquote(fragment)


def _mark_of(reference: etree._Element) -> str:
    return note_mark("".join(reference.itertext()))


def _begins_with(target: etree._Element, mark: str) -> bool:
    if local_name(target) in _NOTE_HOLDERS:
        return True
    holder = target
    if local_name(target) in ("a", "span", "sup") and target.getparent() is not None:
        holder = target.getparent()
    return bool(mark) and _opening(holder).lstrip("[(").startswith(mark)


def _opening(element: etree._Element) -> str:
    """At least the first ten characters of an element, without leading white space."""
    opening = ""
    for text in element.itertext():
        opening = (opening + text).lstrip()
        if len(opening) >= _OPENING_CHARACTERS:
            break
    return opening
