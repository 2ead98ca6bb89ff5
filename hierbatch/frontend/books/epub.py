"""EPUB 2 and 3 reader: combines package document, table of contents, pages and notes into a book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lxml import etree

from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.book import Block, Book, SkippedText
from hierbatch.frontend.books.chapters import ChapterStart, split_chapters, starts_from_headings
from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.contents import ContentsEntry, read_navigation, read_ncx
from hierbatch.frontend.books.cover import read_cover
from hierbatch.frontend.books.drm import refuse_drm
from hierbatch.frontend.books.gutenberg import body_span
from hierbatch.frontend.books.markup import local_name, parse_page, parse_xml
from hierbatch.frontend.books.notes import find_notes
from hierbatch.frontend.books.package import Package, read_package
from hierbatch.frontend.books.page import Page, read_page
from hierbatch.frontend.books.rules import reason_of_file_name, reason_of_guide, reason_of_title


@dataclass(frozen=True, slots=True)
class _Flow:
    """Blocks of all pages in reading order; `positions` maps (page, fragment) to the index of the first block."""

    blocks: tuple[Block, ...]
    positions: Mapping[tuple[str, str], int]
    skipped: tuple[SkippedText, ...]


def read_epub(path: Path) -> Book:
    """Read a book from an EPUB file; raises BookError if it is damaged, encrypted or unsafe."""
    remarks: list[str] = []
    with Archive(path) as archive:
        refuse_drm(archive, path.name)
        package = read_package(archive, path.name)
        contents = _read_contents(archive, package)
        pages = _parse_pages(archive, package, remarks)
        cover = read_cover(archive, package.cover)
    title = package.title or path.stem.replace("_", " ")
    dropped = _drop_pages(pages, package, contents)
    flow = _without_licence(_read_flow(pages, contents))
    starts = _starts(contents, flow)
    if not starts:
        remarks.append("The book has no usable table of contents: its chapters start at its headings")
    split = split_chapters(
        flow.blocks, starts or starts_from_headings(flow.blocks), opening_title=title, skip_front=bool(starts)
    )
    return Book(
        title=title,
        author=package.author,
        language=package.language,
        chapters=split.chapters,
        cover=cover,
        skipped=(*dropped, *flow.skipped, *split.skipped),
        remarks=tuple(remarks),
    )


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A page of an EPUB with its element tree, for rewriting."""

    href: str
    root: etree._Element
    page: Page


def read_source_pages(path: Path) -> list[SourcePage]:
    """Read the pages of a book in reading order; their blocks have the same `source_ref` as from `read_epub`.

    Raises:
        BookError: the book is damaged, encrypted or unsafe.
    """
    with Archive(path) as archive:
        refuse_drm(archive, path.name)
        package = read_package(archive, path.name)
        contents = _read_contents(archive, package)
        pages = _parse_pages(archive, package, [])
    _drop_pages(pages, package, contents)
    return [SourcePage(href, pages[href], page) for href, page in _read_pages(pages, contents)]


def _read_contents(archive: Archive, package: Package) -> list[ContentsEntry]:
    entries: list[ContentsEntry] = []
    if package.navigation:
        root, _ = parse_page(archive.read(package.navigation), package.navigation)
        entries = read_navigation(root, package.navigation)
    if not entries and package.ncx:
        entries = read_ncx(parse_xml(archive.read(package.ncx), package.ncx), package.ncx)
    return entries


def _parse_pages(archive: Archive, package: Package, remarks: list[str]) -> dict[str, etree._Element]:
    pages = {}
    for item in package.spine:
        pages[item.href], decoded = parse_page(archive.read(item.href), item.href)
        if not decoded.is_unicode:
            remarks.append(f"{item.href} was decoded as {decoded.encoding}, although an EPUB should be UTF-8")
    return pages


def _drop_pages(
    pages: dict[str, etree._Element], package: Package, contents: Sequence[ContentsEntry]
) -> list[SkippedText]:
    """Remove pages outside the reading order, and front matter recognised by guide or file name."""
    listed = {entry.href for entry in contents if reason_of_title(entry.title) is None}
    skipped = []
    for item in package.spine:
        reason = reason_of_guide(package.guide.get(item.href, ""))
        reason = reason or reason_of_file_name(PurePosixPath(item.href).stem)
        if not item.is_linear:
            reason = reason or "outside the reading order"
        if reason and item.href not in listed and item.href in pages:
            n_characters = _n_body_characters(pages.pop(item.href))
            if n_characters:
                skipped.append(SkippedText(item.href, reason, n_characters))
    return skipped


def _n_body_characters(root: etree._Element) -> int:
    bodies = (element for element in root.iter() if local_name(element) == "body")
    return sum(len(tidy("".join(body.itertext()))) for body in bodies)


def _read_pages(pages: Mapping[str, etree._Element], contents: Sequence[ContentsEntry]) -> Iterator[tuple[str, Page]]:
    chapter_ids: defaultdict[str, set[str]] = defaultdict(set)
    for entry in contents:
        chapter_ids[entry.href].add(entry.fragment)
    notes = find_notes(pages)
    for href, root in pages.items():
        note_ids, ids = notes.get(href, frozenset()), frozenset(chapter_ids.get(href, ()))
        yield href, read_page(root, href, note_ids=note_ids, chapter_ids=ids)


def _read_flow(pages: Mapping[str, etree._Element], contents: Sequence[ContentsEntry]) -> _Flow:
    blocks: list[Block] = []
    positions: dict[tuple[str, str], int] = {}
    skipped: list[SkippedText] = []
    for href, page in _read_pages(pages, contents):
        positions[href, ""] = len(blocks)
        positions.update({(href, fragment): len(blocks) + index for fragment, index in page.anchors.items()})
        blocks.extend(page.blocks)
        skipped.extend(SkippedText(href, reason, n_characters) for reason, n_characters in page.skipped.items())
    return _Flow(tuple(blocks), positions, tuple(skipped))


def _without_licence(flow: _Flow) -> _Flow:
    begin, end = body_span([block.text for block in flow.blocks])
    outside = flow.blocks[:begin] + flow.blocks[end:]
    if not outside:
        return flow
    licence = SkippedText("before and after the book", "licence text", sum(len(block.text) for block in outside))
    positions = {anchor: min(max(index, begin), end) - begin for anchor, index in flow.positions.items()}
    return _Flow(flow.blocks[begin:end], positions, (*flow.skipped, licence))


def _starts(contents: Sequence[ContentsEntry], flow: _Flow) -> list[ChapterStart]:
    """Chapter starts of the entries with an existing target; a missing fragment falls back to the start of its page."""
    starts = []
    for entry in contents:
        index = flow.positions.get((entry.href, entry.fragment), flow.positions.get((entry.href, "")))
        if index is not None:
            starts.append(ChapterStart(entry.title, entry.level, index, entry.href))
    return starts
