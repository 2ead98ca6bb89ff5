"""Reader for tables of contents (EPUB 3 navigation document, EPUB 2 NCX), as a flat list of entries with depths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urldefrag

from lxml import etree

from hierbatch.frontend.books.archive import resolve
from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.markup import EPUB_TYPE, local_name


@dataclass(frozen=True, slots=True)
class ContentsEntry:
    """Line of a table of contents; `level` 1 is the outermost, and `fragment` is empty for the start of a page.

    A label without a link, such as the name of a part, has an empty `href`: it starts with the next linked entry.
    """

    title: str
    level: int
    href: str
    fragment: str


def read_navigation(root: etree._Element, href: str) -> list[ContentsEntry]:
    """Read the entries of an EPUB 3 navigation document (EPUB 3.3, section 7): the `nav` of type `toc`.

    Links are relative to `href`, the path of the document.
    """
    navs = [element for element in root.iter() if local_name(element) == "nav"]
    typed = [nav for nav in navs if "toc" in (nav.get(EPUB_TYPE) or nav.get("epub:type") or "").split()]
    return [entry for nav in (typed or navs)[:1] for entry in _walk_list(nav, href, 0)]


def read_ncx(root: etree._Element, href: str) -> list[ContentsEntry]:
    """Read the entries of an EPUB 2 NCX (OPF 2.0.1, section 2.4.1): the nested `navPoint`s in document order.

    Links are relative to `href`, the path of the document.
    """
    maps = [element for element in root.iter() if local_name(element) == "navMap"]
    return [entry for nav_map in maps[:1] for entry in _walk_points(nav_map, href, 1)]


def without_repeats(entries: Sequence[ContentsEntry]) -> list[ContentsEntry]:
    """Keep the first of several entries with the same target, and a deeper one, such as the first chapter of a part."""
    levels: dict[tuple[str, str], int] = {}
    kept = []
    for entry in entries:
        place = (entry.href, entry.fragment)
        if not entry.href or entry.level > levels.get(place, 0):
            kept.append(entry)
            levels[place] = max(entry.level, levels.get(place, 0))
    return kept


def _walk_list(element: etree._Element, href: str, level: int) -> Iterator[ContentsEntry]:
    for child in element:
        match local_name(child):
            case "ol" | "ul":
                yield from _walk_list(child, href, level + 1)
            case "a":
                yield from _entry(_words(child), level, child.get("href", ""), href)
            case "span" if level and len(child) == 0 and (label := _words(child)):
                yield ContentsEntry(label, level, "", "")
            case _:
                yield from _walk_list(child, href, level)


def _walk_points(element: etree._Element, href: str, level: int) -> Iterator[ContentsEntry]:
    for point in element:
        if local_name(point) != "navPoint":
            continue
        parts = {local_name(part): part for part in reversed(point)}
        if "content" in parts:
            title = _words(parts["navLabel"]) if "navLabel" in parts else ""
            yield from _entry(title, level, parts["content"].get("src", ""), href)
        elif title := _words(parts["navLabel"]) if "navLabel" in parts else "":
            yield ContentsEntry(title, level, "", "")
        yield from _walk_points(point, href, level + 1)


def _entry(title: str, level: int, link: str, href: str) -> Iterator[ContentsEntry]:
    path, fragment = urldefrag(link)
    target = resolve(href, unquote(path))
    if target is not None and "://" not in path:
        yield ContentsEntry(title, max(level, 1), target, unquote(fragment))


def _words(element: etree._Element) -> str:
    return (
        tidy(" ".join(element.itertext())) if local_name(element) == "navLabel" else tidy("".join(element.itertext()))
    )
