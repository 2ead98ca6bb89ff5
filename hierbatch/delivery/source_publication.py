"""Read-along version of a book's source EPUB: markup preserved, sentences wrapped, media overlays added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from urllib.parse import quote, unquote

from lxml import etree

from hierbatch.delivery.overlay import STYLE, OverlayClip, overlay_duration_s, pair_elements, smil_text
from hierbatch.delivery.publication import Publication, PublicationFile, overlay_metadata
from hierbatch.delivery.tags import BookTags
from hierbatch.delivery.takes import BookTake, BookTakes
from hierbatch.errors import BookError
from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.epub import SourcePage, read_source_pages
from hierbatch.frontend.books.marking import XHTML, wrap_sentences
from hierbatch.frontend.books.markup import local_name, parse_xml
from hierbatch.frontend.books.package import package_path
from hierbatch.frontend.books.sentence_spans import find_sentences

_OPF = "http://www.idpf.org/2007/opf"
_DC = "http://purl.org/dc/elements/1.1/"
_SMIL_TYPE = "application/smil+xml"
_ADDED = "hierbatch"
"""Folder of the added files, next to the package document; also the prefix of added ids."""


def supports_overlays(book: Path) -> bool:
    """True for an EPUB 3, the only format that supports media overlays."""
    return book.suffix.lower() == ".epub" and _version(book).startswith("3")


def check_source(source: Path, takes: BookTakes) -> None:
    """Validate a source EPUB before anything is written.

    Raises:
        BookError: the file is damaged or not an EPUB 3, or none of the rows comes from it.
    """
    if not supports_overlays(source):
        is_epub = source.suffix.lower() == ".epub"
        raise BookError(
            f"{source.name} does not support media overlays",
            expected="the EPUB 3 that the run's manifest was imported from",
            got=f"EPUB {_version(source)}" if is_epub else f"a file with suffix {source.suffix or 'none'}",
            fix="convert it to EPUB 3, or omit --source to build the pages from the rows",
        )
    source_refs = {block.source_ref for page in read_source_pages(source) for block in page.page.blocks}
    if not any(take.source_ref in source_refs for chapter in takes.chapters for take in chapter.takes):
        raise BookError(
            f"{source.name} is not the source of this run",
            expected="the EPUB that the run's manifest was imported from",
            got="a book that contains none of its rows",
            fix="pass the original EPUB with --source, or omit --source to build the pages from the rows",
        )


def annotate_publication(
    source: Path,
    takes: BookTakes,
    clips: Mapping[str, OverlayClip],
    sounds: Sequence[str],
    tags: BookTags,
    now: datetime,
) -> Publication:
    """Add sentence markup and overlays to the source EPUB, which must have passed `check_source`.

    Args:
        source: the source EPUB.
        takes: the book's rows.
        clips: time spans of the synthesized rows, by row id.
        sounds: file names of the chapters' audio.
        tags: narrator and language for the metadata.
        now: time of modification, in UTC.

    Returns:
        All files of the source, changed and added ones included.

    Raises:
        BookError: the source is damaged.
    """
    with Archive(source) as archive:
        opf = package_path(archive, source.name)
        package = parse_xml(archive.read(opf), opf)
        files = {name: archive.read(name) for name in sorted(archive.names) if not name.endswith("/")}
    files.pop("mimetype", None)
    folder = PurePosixPath(opf).parent
    added = folder / _ADDED
    editor = _PackageEditor(package, folder)
    for name in editor.drop_overlays():
        files.pop(name, None)
    style = str(added / "spoken.css")
    for number, (page, elements) in enumerate(_wrap_pages(source, takes), start=1):
        # Document order equals row order, since rows follow the book.
        placed = pair_elements([clips[row_id] for row_id in elements if row_id in clips], dict(elements))
        placed = [(element, _in_folder(clip, added)) for element, clip in placed]
        if not placed:
            continue
        _link_style(page, style)
        smil = str(added / f"{number:03d}.smil")
        files[page.href] = _page_bytes(page.root)
        files[smil] = smil_text(page.href, smil, placed).encode()
        editor.add_overlay(page.href, smil, number, overlay_duration_s(placed))
    files[style] = STYLE.encode()
    editor.finish(sounds, added, tags, now)
    files[opf] = etree.tostring(package, xml_declaration=True, encoding="utf-8")
    return Publication(tuple(PublicationFile(name, data) for name, data in files.items()), f"{added}/")


def _wrap_pages(source: Path, takes: BookTakes) -> Iterator[tuple[SourcePage, dict[str, str]]]:
    """Wrap the sentences of every page; yields each page with its element ids by row id."""
    by_source_ref: dict[str, list[BookTake]] = {}
    for chapter in takes.chapters:
        for take in chapter.takes:
            by_source_ref.setdefault(take.source_ref, []).append(take)
    for page in read_source_pages(source):
        elements: dict[str, str] = {}
        blocks = list(zip(page.page.blocks, page.page.segments, strict=True))
        for block, segments in reversed(blocks):  # backwards, so that a rebuilt element is not looked up again
            rows = by_source_ref.get(block.source_ref, [])
            ids = {f"{_ADDED}-{take.id}": take for take in rows}
            sentences = {name: takes.transcript(take).text for name, take in ids.items() if take.is_spoken}
            spans = find_sentences("".join(segment.text for segment in segments), sentences)
            if wrap_sentences(segments, spans):
                elements.update((ids[span.element_id].id, span.element_id) for span in spans)
        ordered = [take.id for block, _ in blocks for take in by_source_ref.get(block.source_ref, [])]
        yield page, {row_id: elements.get(row_id, "") for row_id in ordered if row_id in elements}


def _version(book: Path) -> str:
    with Archive(book) as archive:
        path = package_path(archive, book.name)
        return str(parse_xml(archive.read(path), path).get("version", "2.0"))


def _in_folder(clip: OverlayClip, folder: PurePosixPath) -> OverlayClip:
    return OverlayClip(clip.row_id, str(folder / clip.sound), clip.start_s, clip.end_s)


def _link_style(page: SourcePage, style: str) -> None:
    head = next((element for element in page.root.iter() if local_name(element) == "head"), None)
    if head is not None:
        href = quote(relpath(style, PurePosixPath(page.href).parent.as_posix()))
        etree.SubElement(head, f"{{{XHTML}}}link", rel="stylesheet", type="text/css", href=href)


def _page_bytes(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="utf-8", doctype="<!DOCTYPE html>"))


class _PackageEditor:
    """Editor of a package document: lists the added files and overlays in it."""

    def __init__(self, package: etree._Element, folder: PurePosixPath) -> None:
        self._folder = folder
        children = {local_name(child): child for child in package}
        self._manifest = children["manifest"]
        metadata = children.get("metadata")
        if metadata is None:
            metadata = etree.Element(f"{{{_OPF}}}metadata")
            package.insert(0, metadata)
        self._metadata = metadata
        self.total_s = 0.0

    def drop_overlays(self) -> list[str]:
        """Remove existing overlays; returns the names of their files."""
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
        """Attach an overlay to a page.

        Args:
            page: path of the page.
            smil: path of the overlay.
            number: number of the overlay, unique in the book.
            length_s: its playback time.
        """
        name = f"{_ADDED}-smil-{number:03d}"
        for item in self._manifest:
            if local_name(item) == "item" and self._name(item) == page:
                item.set("media-overlay", name)
        self._item(name, smil, _SMIL_TYPE)
        self._meta("media:duration", f"{length_s:.3f}s", refines=f"#{name}")
        self.total_s += length_s

    def finish(self, sounds: Sequence[str], folder: PurePosixPath, tags: BookTags, now: datetime) -> None:
        """Add audio files, style sheet and publication metadata.

        Args:
            sounds: file names of the chapters' audio.
            folder: folder of the added files.
            tags: narrator and language for the metadata.
            now: time of modification, in UTC.
        """
        for sound in sounds:
            self._item(f"{_ADDED}-sound-{sound[:-4]}", str(folder / sound), "audio/mp4")
        self._item(f"{_ADDED}-style", str(folder / "spoken.css"), "text/css")
        whole = [meta for meta in self._metadata if not meta.get("refines")]
        known = {(meta.get("property"), (meta.text or "").strip()) for meta in whole}
        single = {meta.get("property") for meta in whole}
        self._complete(tags)
        for text in overlay_metadata(self.total_s, tags):
            meta = etree.fromstring(text)
            name, value = meta.get("property"), meta.text
            is_present = name in single if name.startswith("schema:accessibility") and "Feature" not in name else False
            if (name, value) not in known and not is_present:
                self._meta(name, value)
        for meta in list(self._metadata):
            if meta.get("property") == "dcterms:modified" and not meta.get("refines"):
                self._metadata.remove(meta)
        self._meta("dcterms:modified", f"{now:%Y-%m-%dT%H:%M:%SZ}")

    def _complete(self, tags: BookTags) -> None:
        """Add required entries that the source lacks."""
        present = {local_name(child) for child in self._metadata}
        for name, value in (("title", tags.title), ("language", tags.language), ("identifier", f"urn:{_ADDED}")):
            if name not in present and value:
                etree.SubElement(self._metadata, f"{{{_DC}}}{name}").text = value

    def _item(self, name: str, path: str, media_type: str) -> None:
        attributes = {"id": name, "href": quote(relpath(path, str(self._folder))), "media-type": media_type}
        etree.SubElement(self._manifest, f"{{{_OPF}}}item", attrib=attributes)

    def _meta(self, name: str, value: str, **attributes: str) -> None:
        etree.SubElement(self._metadata, f"{{{_OPF}}}meta", property=name, **attributes).text = value

    def _name(self, item: etree._Element) -> str:
        return normpath(str(self._folder / unquote(item.get("href", ""))))
