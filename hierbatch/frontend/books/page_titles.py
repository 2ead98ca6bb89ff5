"""Title of a page without headings: a paragraph styled as a title, or the title in the head of the page."""

from __future__ import annotations

import re

from lxml import etree

from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.markup import local_name

_TITLE_CLASS = re.compile(r"(chap(ter)?[-_]?)?(title|head(ing)?|name)|chapter|ct|cn", re.I)
_MAX_CHARACTERS = 120
_WITH_CLASS = etree.XPath("descendant::*[@class]")
_N_SEARCHED = 50


def title_of_page(root: etree._Element) -> str:
    """Find the title of a page; empty if there is none."""
    for element in _WITH_CLASS(root)[:_N_SEARCHED]:
        if local_name(element) in ("p", "div", "span") and _has_title_class(element):
            text = tidy("".join(element.itertext()))
            if 0 < len(text) <= _MAX_CHARACTERS:
                return text
    head = next((child for child in root if local_name(child) == "head"), None)
    title = next((child for child in head if local_name(child) == "title"), None) if head is not None else None
    text = tidy("".join(title.itertext())) if title is not None else ""
    return text if len(text) <= _MAX_CHARACTERS else ""


def _has_title_class(element: etree._Element) -> bool:
    return any(_TITLE_CLASS.fullmatch(name) for name in element.get("class", "").split())
