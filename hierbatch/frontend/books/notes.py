"""Detection of notes by the references to them.

Newer books mark their notes by type (see rules.py). In older books a note is only a paragraph that is the target of a
superscript number before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import unquote, urldefrag

from lxml import etree

from hierbatch.frontend.books.archive import resolve
from hierbatch.frontend.books.markup import local_name
from hierbatch.frontend.books.rules import is_note_reference, note_mark

_NOTE_HOLDERS = frozenset({"li", "aside", "dd"})  # their mark is added by the reading system


def find_notes(pages: Mapping[str, etree._Element]) -> dict[str, frozenset[str]]:
    """Find the ids of the notes on each page that are targets of earlier references.

    Only forward links count, to an element that begins with the same mark: the backlink from a note to its sentence
    looks just like a reference.

    Args:
        pages: root element of each page, in reading order
    """
    positions = {
        (href, element.get("id") or element.get("name")): (number, element)
        for number, (href, element) in enumerate(
            (href, element) for href, root in pages.items() for element in root.iter()
        )
        if isinstance(element.tag, str) and (element.get("id") or element.get("name"))
    }
    found: defaultdict[str, set[str]] = defaultdict(set)
    number = 0
    for href, root in pages.items():
        for element in root.iter():
            number += 1
            if local_name(element) == "a" and "#" in element.get("href", "") and is_note_reference(element):
                page, fragment = _target(href, element.get("href", ""))
                position, target = positions.get((page, fragment), (0, None))
                if target is not None and position >= number and _begins_with(target, _mark_of(element)):
                    found[page].add(fragment)
    return {href: frozenset(ids) for href, ids in found.items()}


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
    text = "".join(holder.itertext()).strip().lstrip("[(")
    return bool(mark) and text.startswith(mark)
