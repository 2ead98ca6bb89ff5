"""Bibliographic details of an EPUB package: series, year, publisher, ISBN and description."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree, html

from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.markup import local_name

_YEAR = re.compile(r"\b(1[0-9]{3}|20[0-9]{2})\b")
_ISBN = re.compile(r"97[89][0-9]{10}|[0-9]{9}[0-9Xx]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookDetails:
    """Bibliographic details of a book; a field is empty if the book does not state it."""

    series: str = ""
    number: str = ""
    """Number within the series, such as `2` or `1.5`."""
    year: str = ""
    publisher: str = ""
    isbn: str = ""
    description: str = ""


def read_details(root: etree._Element) -> BookDetails:
    """Read the details of a package document, EPUB 2 or 3."""
    series, number = _series(root)
    dates = [words for words in _texts(root, "date") if _YEAR.search(words)]
    description = next(iter(_texts(root, "description")), "")
    return BookDetails(
        series=series,
        number=number,
        year=_YEAR.search(dates[0])[0] if dates else "",  # type: ignore[index]  # filtered above
        publisher=", ".join(_texts(root, "publisher")),
        isbn=_isbn(root),
        description=_plain(description),
    )


def _series(root: etree._Element) -> tuple[str, str]:
    """Name and number of the series, from `belongs-to-collection` (EPUB 3) or calibre's meta elements (EPUB 2)."""
    metas = [element for element in root.iter() if local_name(element) == "meta"]
    for element in metas:
        if element.get("property") == "belongs-to-collection" and (name := _words(element)):
            target = f"#{element.get('id', '')}"
            refining = {meta.get("property"): _words(meta) for meta in metas if meta.get("refines") == target}
            if refining.get("collection-type", "series") == "series":
                return name, refining.get("group-position", "")
    named = {element.get("name"): tidy(element.get("content", "")) for element in metas}
    number = named.get("calibre:series_index", "").removesuffix(".0")
    return (series, number) if (series := named.get("calibre:series", "")) else ("", "")


def _isbn(root: etree._Element) -> str:
    """First ISBN among the identifiers; ten digits count only if the identifier or its scheme contains "ISBN"."""
    for element in root.iter():
        if local_name(element) != "identifier":
            continue
        words = _words(element)
        scheme = " ".join(value for name, value in element.attrib.items() if str(name).endswith("scheme"))
        found = _ISBN.fullmatch(re.sub(r"(?i)^(urn:)?isbn:?|[\s-]", "", words))
        if found and ("isbn" in f"{words} {scheme}".casefold() or len(found[0]) == 13):
            return found[0].upper()
    return ""


def _texts(root: etree._Element, name: str) -> list[str]:
    return [words for element in root.iter() if local_name(element) == name and (words := _words(element))]


def _words(element: etree._Element) -> str:
    return tidy("".join(element.itertext()))


def _plain(description: str) -> str:
    """Plain text of a description, which often contains escaped HTML."""
    if "<" not in description:
        return description
    return tidy(" ".join(html.fromstring(f"<div>{description}</div>").itertext()))
