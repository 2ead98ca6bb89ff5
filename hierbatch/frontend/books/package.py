"""EPUB package document, versions 2.0.1 and 3.3: title, author, language, reading order, contents and cover."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urldefrag

from lxml import etree

from hierbatch.errors import BookError
from hierbatch.frontend.books.archive import Archive, resolve
from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.details import BookDetails, read_details
from hierbatch.frontend.books.markup import local_name, parse_xml

_CONTAINER = "META-INF/container.xml"
_PAGE_TYPES = frozenset({"application/xhtml+xml", "text/html", "application/xml", "text/xml", "text/x-oeb1-document"})
_MAX_FALLBACKS = 10
_COVER_TYPES = frozenset({"image/jpeg", "image/jpg", "image/png", "image/svg+xml"})


@dataclass(frozen=True, slots=True)
class Item:
    """Entry for one file in the manifest of the package."""

    href: str
    media_type: str
    properties: frozenset[str]
    fallback: str = ""
    """Id of the item to use if the format of this one is not supported."""


@dataclass(frozen=True, slots=True)
class SpineItem:
    """Page of the spine; `is_linear` is False for pages outside the reading order (notes, answers, covers)."""

    href: str
    is_linear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Content of a package document; paths are members of the archive."""

    title: str
    author: str
    language: str
    spine: tuple[SpineItem, ...]
    navigation: str | None
    ncx: str | None
    cover: str | None
    lexicons: tuple[str, ...]
    """Paths of the pronunciation lexicons (PLS)."""
    details: BookDetails
    """Series, year, publisher, ISBN and description."""
    guide: dict[str, str]
    """EPUB 2 guide type of each page (`title-page`, `copyright-page`, `toc`, `notes`)."""


def read_package(archive: Archive, name: str) -> Package:
    """Read the first package document in the container; `name` is used in messages.

    Raises:
        BookError: there is no package document, or it is unsafe or ill-formed.
    """
    path = package_path(archive, name)
    root = parse_xml(archive.read(path), path)
    items = dict(_items(root, path))
    spine_element = _first(root, "spine")
    ncx_id = spine_element.get("toc", "") if spine_element is not None else ""
    return Package(
        title=_title(root),
        author=", ".join(_creators(root)),
        language=_text_of(root, "language"),
        spine=tuple(_spine(spine_element, items)),
        navigation=next((item.href for item in items.values() if "nav" in item.properties), None),
        ncx=_ncx(items, ncx_id),
        cover=_cover(root, items),
        lexicons=tuple(item.href for item in items.values() if item.media_type == "application/pls+xml"),
        details=read_details(root),
        guide=_guide(root, path),
    )


def package_path(archive: Archive, name: str) -> str:
    """Path of the first package document in the container; `name` is used in messages.

    Raises:
        BookError: there is no package document, or the container is unsafe or ill-formed.
    """
    if _CONTAINER not in archive.names:
        raise BookError(
            f"{name} is a zip archive but not an EPUB",
            expected=f"a container file {_CONTAINER}",
            got=f"{len(archive.names)} other files",
            fix="import an EPUB, or unpack the archive and import the text inside",
        )
    root = parse_xml(archive.read(_CONTAINER), _CONTAINER)
    for element in root.iter():
        if local_name(element) == "rootfile" and (path := resolve("", unquote(element.get("full-path", "")))):
            return path
    raise BookError(
        f"{name} has no package document", expected="a rootfile in its container", fix="download the book again"
    )


def _items(root: etree._Element, path: str) -> list[tuple[str, Item]]:
    found = []
    manifest = _first(root, "manifest")
    for element in manifest if manifest is not None else ():
        link = element.get("href", "") if local_name(element) == "item" else ""
        # Remote resources are never fetched, and paths outside the archive are ignored.
        if not link or "://" in link:
            continue
        if (href := resolve(path, unquote(link))) is not None:
            properties = frozenset(element.get("properties", "").split())
            media_type, fallback = element.get("media-type", "").casefold().strip(), element.get("fallback", "")
            found.append((element.get("id", ""), Item(href, media_type, properties, fallback)))
    return found


def _spine(element: etree._Element | None, items: dict[str, Item]) -> list[SpineItem]:
    references = [child for child in element if local_name(child) == "itemref"] if element is not None else []
    found: dict[str, SpineItem] = {}
    for reference in references:
        item = _readable(items, reference.get("idref", ""))
        if item is not None:
            # A page that is listed twice is read once.
            found.setdefault(item.href, SpineItem(item.href, reference.get("linear") != "no"))
    if not references:
        # Without a reading order, the order of the manifest is the best there is.
        pages = (item for item in items.values() if item.media_type in _PAGE_TYPES and "nav" not in item.properties)
        found = {item.href: SpineItem(item.href, True) for item in pages}
    return list(found.values())


def _readable(items: dict[str, Item], identifier: str) -> Item | None:
    """Find the first page in a chain of fallback items (EPUB 3.3, section 3.5); None if there is none."""
    for _ in range(_MAX_FALLBACKS):
        item = items.get(identifier)
        if item is None or item.media_type in _PAGE_TYPES:
            return item
        identifier = item.fallback
    return None


def _ncx(items: dict[str, Item], identifier: str) -> str | None:
    if identifier in items:
        return items[identifier].href
    return next((item.href for item in items.values() if item.media_type == "application/x-dtbncx+xml"), None)


def _title(root: etree._Element) -> str:
    """Main title; the first title if none is marked as main (EPUB 2)."""
    titles = [element for element in root.iter() if local_name(element) == "title" and _words(element)]
    main_ids = {
        element.get("refines", "").removeprefix("#")
        for element in root.iter()
        if local_name(element) == "meta" and element.get("property") == "title-type" and _words(element) == "main"
    }
    main = [element for element in titles if element.get("id") in main_ids]
    return _words((main or titles)[0]) if titles else ""


def _creators(root: etree._Element) -> list[str]:
    return [words for element in root.iter() if local_name(element) == "creator" and (words := _words(element))]


def _cover(root: etree._Element, items: dict[str, Item]) -> str | None:
    """Path of the cover image: by property (EPUB 3) or by the `cover` meta element of older books."""
    marked = [item for item in items.values() if "cover-image" in item.properties]
    for element in root.iter():
        if local_name(element) == "meta" and element.get("name") == "cover" and element.get("content") in items:
            marked.append(items[element.get("content", "")])
    return next((item.href for item in marked if item.media_type in _COVER_TYPES), None)


def _guide(root: etree._Element, path: str) -> dict[str, str]:
    links = {}
    for element in root.iter():
        if local_name(element) == "reference":
            target, fragment = urldefrag(element.get("href", ""))
            href = resolve(path, unquote(target))
            if href and not fragment:
                links[href] = element.get("type", "").casefold()
    return links


def _text_of(root: etree._Element, name: str) -> str:
    element = _first(root, name)
    return _words(element) if element is not None else ""


def _first(root: etree._Element, name: str) -> etree._Element | None:
    return next((element for element in root.iter() if local_name(element) == name), None)


def _words(element: etree._Element) -> str:
    return tidy("".join(element.itertext()))
