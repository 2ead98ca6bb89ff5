"""The EPUB a book came from, its own markup kept, with every sentence wrapped and its overlay beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from urllib.parse import quote, unquote

from lxml import etree

from hierbatch.errors import BookError
from hierbatch.export.overlay import STYLE, Clip, duration_s, on_page, smil_text
from hierbatch.export.publication import Content, Publication, overlay_metadata
from hierbatch.export.tags import BookTags
from hierbatch.export.takes import BookTakes, Take
from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.epub import SourcePage, read_source_pages
from hierbatch.frontend.books.marking import XHTML, wrap_sentences
from hierbatch.frontend.books.markup import local_name, parse_xml
from hierbatch.frontend.books.package import package_path
from hierbatch.frontend.books.sentence_spans import find_sentences

_OPF = "http://www.idpf.org/2007/opf"
_SMIL_TYPE = "application/smil+xml"
_OWN = "hierbatch"
"""Folder of what is added, beside the package document."""


def carries_overlays(book: Path) -> bool:
    """Whether a book is an EPUB 3, which alone can carry overlays."""
    return book.suffix.lower() == ".epub" and _version(book).startswith("3")


def check_source(source: Path, takes: BookTakes) -> None:
    """Refuse a source before anything is made of it.

    Raises:
        BookError: it is damaged, is no EPUB 3, or none of the rows stands in it.
    """
    if not carries_overlays(source):
        is_epub = source.suffix.lower() == ".epub"
        raise BookError(
            f"{source.name} cannot carry overlays",
            wanted="the EPUB 3 its manifest was imported from",
            got=f"EPUB {_version(source)}" if is_epub else f"a file ending in {source.suffix or 'nothing'}",
            mend="convert it to EPUB 3, or leave out --source: pages are then made of the rows",
        )
    places = {block.source_ref for page in read_source_pages(source) for block in page.page.blocks}
    if not any(take.source_ref in places for chapter in takes.chapters for take in chapter.takes):
        raise BookError(
            f"{source.name} is not the book the run speaks",
            wanted="the EPUB its manifest was imported from",
            got="none of the rows stands in it",
        )


def kept_publication(
    source: Path,
    takes: BookTakes,
    clips: Mapping[str, Clip],
    sounds: Sequence[str],
    tags: BookTags,
    now: datetime,
) -> Publication:
    """Every file of the source with its pages marked, and what is added to them; `check_source` has passed it.

    Raises:
        BookError: the source is damaged.
    """
    with Archive(source) as archive:
        opf = package_path(archive, source.name)
        package = parse_xml(archive.read(opf), opf)
        files = {name: archive.read(name) for name in sorted(archive.names) if not name.endswith("/")}
    files.pop("mimetype", None)
    folder = PurePosixPath(opf).parent
    own = folder / _OWN
    editor = _PackageEditor(package, folder)
    for name in editor.drop_overlays():
        files.pop(name, None)
    style = str(own / "spoken.css")
    for number, (page, elements) in enumerate(_marked(source, takes), start=1):
        # Document order is row order: rows follow the book.
        placed = on_page([clips[row_id] for row_id in elements if row_id in clips], dict(elements))
        placed = [(element, _moved(clip, own)) for element, clip in placed]
        if not placed:
            continue
        _link_style(page, style)
        smil = str(own / f"{number:03d}.smil")
        files[page.href] = _page_bytes(page.root)
        files[smil] = smil_text(page.href, smil, placed).encode()
        editor.add_overlay(page.href, smil, number, duration_s(placed))
    files[style] = STYLE.encode()
    editor.finish(sounds, own, tags, now)
    files[opf] = etree.tostring(package, xml_declaration=True, encoding="utf-8")
    return Publication(tuple(Content(name, data) for name, data in files.items()), f"{own}/")


def _marked(source: Path, takes: BookTakes) -> Iterator[tuple[SourcePage, dict[str, str]]]:
    """Pages with their sentences wrapped, and by row the id of its element."""
    by_place: dict[str, list[Take]] = {}
    for chapter in takes.chapters:
        for take in chapter.takes:
            by_place.setdefault(take.source_ref, []).append(take)
    for page in read_source_pages(source):
        elements: dict[str, str] = {}
        blocks = list(zip(page.page.blocks, page.page.pieces, strict=True))
        for block, pieces in reversed(blocks):  # from the end: what is rebuilt is not asked for its place again
            rows = by_place.get(block.source_ref, [])
            ids = {f"{_OWN}-{take.id}": take for take in rows}
            sentences = {name: takes.script(take).text for name, take in ids.items() if take.is_spoken}
            spans = find_sentences("".join(piece.text for piece in pieces), sentences)
            if wrap_sentences(pieces, spans):
                elements.update((ids[span.element_id].id, span.element_id) for span in spans)
        ordered = [take.id for block, _ in blocks for take in by_place.get(block.source_ref, [])]
        yield page, {row_id: elements.get(row_id, "") for row_id in ordered if row_id in elements}


def _version(book: Path) -> str:
    with Archive(book) as archive:
        path = package_path(archive, book.name)
        return str(parse_xml(archive.read(path), path).get("version", "2.0"))


def _moved(clip: Clip, own: PurePosixPath) -> Clip:
    return Clip(clip.row_id, str(own / clip.sound), clip.start_s, clip.end_s)


def _link_style(page: SourcePage, style: str) -> None:
    head = next((element for element in page.root.iter() if local_name(element) == "head"), None)
    if head is not None:
        href = quote(relpath(style, PurePosixPath(page.href).parent.as_posix()))
        etree.SubElement(head, f"{{{XHTML}}}link", rel="stylesheet", type="text/css", href=href)


def _page_bytes(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="utf-8", doctype="<!DOCTYPE html>"))


class _PackageEditor:
    """Changes a package document so that it names what was added."""

    def __init__(self, package: etree._Element, folder: PurePosixPath) -> None:
        self._folder = folder
        parts = {local_name(part): part for part in package}
        self._metadata, self._manifest = parts["metadata"], parts["manifest"]
        self.total_s = 0.0

    def drop_overlays(self) -> list[str]:
        """Take out overlays the book already had; gives the names of their files."""
        dropped = []
        for item in list(self._manifest):
            item.attrib.pop("media-overlay", None)
            if item.get("media-type") == _SMIL_TYPE:
                dropped.append(self._name(item))
                self._manifest.remove(item)
        for meta in list(self._metadata):
            if (meta.get("property") or "").startswith("media:"):
                self._metadata.remove(meta)
        return dropped

    def add_overlay(self, page: str, smil: str, number: int, length_s: float) -> None:
        """An overlay for a page."""
        name = f"{_OWN}-heard-{number:03d}"
        for item in self._manifest:
            if local_name(item) == "item" and self._name(item) == page:
                item.set("media-overlay", name)
        self._item(name, smil, _SMIL_TYPE)
        self._meta("media:duration", f"{length_s:.3f}s", refines=f"#{name}")
        self.total_s += length_s

    def finish(self, sounds: Sequence[str], own: PurePosixPath, tags: BookTags, now: datetime) -> None:
        """Sound, style, and what the whole says of itself."""
        for sound in sounds:
            self._item(f"{_OWN}-sound-{sound[:-4]}", str(own / sound), "audio/mp4")
        self._item(f"{_OWN}-style", str(own / "spoken.css"), "text/css")
        whole = [meta for meta in self._metadata if not meta.get("refines")]
        known = {(meta.get("property"), (meta.text or "").strip()) for meta in whole}
        single = {meta.get("property") for meta in whole}
        for text in overlay_metadata(self.total_s, tags):
            meta = etree.fromstring(text)
            name, value = meta.get("property"), meta.text
            is_said = name in single if name.startswith("schema:accessibility") and "Feature" not in name else False
            if (name, value) not in known and not is_said:
                self._meta(name, value)
        for meta in list(self._metadata):
            if meta.get("property") == "dcterms:modified" and not meta.get("refines"):
                self._metadata.remove(meta)
        self._meta("dcterms:modified", f"{now:%Y-%m-%dT%H:%M:%SZ}")

    def _item(self, name: str, path: str, media_type: str) -> None:
        attributes = {"id": name, "href": quote(relpath(path, str(self._folder))), "media-type": media_type}
        etree.SubElement(self._manifest, f"{{{_OPF}}}item", attrib=attributes)

    def _meta(self, name: str, value: str, **attributes: str) -> None:
        etree.SubElement(self._metadata, f"{{{_OPF}}}meta", property=name, **attributes).text = value

    def _name(self, item: etree._Element) -> str:
        return normpath(str(self._folder / unquote(item.get("href", ""))))
