"""Read-along version of a book's source EPUB: markup is kept, sentences are wrapped, and media overlays are added.

Scripts, event handlers and remote resources of the source are removed, see `active_content`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from posixpath import relpath
from urllib.parse import quote

from lxml import etree

from hierbatch.delivery.active_content import clean_page, clean_style
from hierbatch.delivery.overlay import STYLE, OverlayClip, overlay_duration_s, pair_elements, smil_text
from hierbatch.delivery.package_editor import ADDED, PackageEditor
from hierbatch.delivery.publication import Publication, PublicationFile
from hierbatch.delivery.tags import BookTags
from hierbatch.delivery.takes import BookTake, BookTakes
from hierbatch.errors import BookError
from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.encoding import decode
from hierbatch.frontend.books.epub import SourcePage, read_source_pages
from hierbatch.frontend.books.marking import XHTML, wrap_sentences
from hierbatch.frontend.books.markup import local_name, parse_page, parse_xml
from hierbatch.frontend.books.package import package_path
from hierbatch.frontend.books.sentence_spans import find_sentences

_PAGE_TYPES, _PAGE_SUFFIXES = ("application/xhtml+xml", "text/html"), (".xhtml", ".html", ".htm", ".xht")
_SCRIPT_SUFFIXES = (".js", ".mjs", ".vbs", ".wasm", ".swf", ".jar", ".class")


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
        All files of the source, including changed and added files, without active content.

    Raises:
        BookError: the source is damaged.
    """
    with Archive(source) as archive:
        opf = package_path(archive, source.name)
        package = parse_xml(archive.read(opf), opf)
        files = {name: archive.read(name) for name in sorted(archive.names) if not name.endswith("/")}
    files.pop("mimetype", None)
    folder = PurePosixPath(opf).parent
    added = folder / ADDED
    editor = PackageEditor(package, folder)
    for name in (*editor.drop_overlays(), *editor.drop_active_files(), *filter(_is_script, files)):
        files.pop(name, None)
    types = editor.media_types()
    files = {name: _without_active_content(name, types.get(name, ""), data) for name, data in files.items()}
    style = str(added / "spoken.css")
    for number, (page, elements) in enumerate(_wrap_pages(source, takes), start=1):
        # Document order equals row order, since rows follow the book.
        placed = pair_elements([clips[row_id] for row_id in elements if row_id in clips], dict(elements))
        placed = [(element, _in_folder(clip, added)) for element, clip in placed]
        if not placed:
            continue
        _link_style(page, style)
        clean_page(page.root)
        smil = str(added / f"{number:03d}.smil")
        files[page.href] = _page_bytes(page.root)
        files[smil] = smil_text(page.href, smil, placed).encode()
        editor.add_overlay(page.href, smil, number, overlay_duration_s(placed))
    files[style] = STYLE.encode()
    editor.finish(sounds, added, tags, now)
    files[opf] = etree.tostring(package, xml_declaration=True, encoding="utf-8")
    return Publication(tuple(PublicationFile(name, data) for name, data in files.items()), f"{added}/")


def _wrap_pages(source: Path, takes: BookTakes) -> Iterator[tuple[SourcePage, dict[str, str]]]:
    """Wrap the sentences of every page in elements; yield each page and, by row id, the ids of the elements."""
    by_source_ref: dict[str, list[BookTake]] = {}
    for chapter in takes.chapters:
        for take in chapter.takes:
            by_source_ref.setdefault(take.source_ref, []).append(take)
    for page in read_source_pages(source):
        elements: dict[str, str] = {}
        blocks = list(zip(page.page.blocks, page.page.segments, strict=True))
        for block, segments in reversed(blocks):  # backwards, so that a rebuilt element is not looked up again
            rows = by_source_ref.get(block.source_ref, [])
            ids = {f"{ADDED}-{take.id}": take for take in rows}
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


def _is_script(name: str) -> bool:
    return name.lower().endswith(_SCRIPT_SUFFIXES)


def _without_active_content(name: str, media_type: str, data: bytes) -> bytes:
    """Content of a source file without active content; unchanged if there is no active content."""
    if media_type in _PAGE_TYPES or name.lower().endswith(_PAGE_SUFFIXES):
        root, _ = parse_page(data, name)
        return _page_bytes(root) if clean_page(root) else data
    if media_type == "image/svg+xml" or name.lower().endswith(".svg"):
        drawing = parse_xml(data, name)
        return bytes(etree.tostring(drawing, encoding="utf-8")) if clean_page(drawing) else data
    if media_type == "text/css" or name.lower().endswith(".css"):
        text, n_removed = clean_style(decode(data, name=name).text)
        return text.encode() if n_removed else data
    return data


def _page_bytes(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root.getroottree(), xml_declaration=True, encoding="utf-8", doctype="<!DOCTYPE html>"))
