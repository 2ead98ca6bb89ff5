"""Reader for EPUB 2 and 3: combines package document, table of contents, pages and notes into a book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from lxml import etree

from hierbatch.errors import BookError
from hierbatch.frontend.books.archive import Archive
from hierbatch.frontend.books.book import MAX_BOOK_CHARACTERS, Book, SkippedText
from hierbatch.frontend.books.chapters import split_chapters
from hierbatch.frontend.books.characters import tidy
from hierbatch.frontend.books.contents import ContentsEntry, read_navigation, read_ncx, without_repeats
from hierbatch.frontend.books.cover import read_cover
from hierbatch.frontend.books.drm import refuse_drm
from hierbatch.frontend.books.flow import Flow, FlowPage, join_pages, without_license
from hierbatch.frontend.books.lexemes import read_lexicons
from hierbatch.frontend.books.markup import count_characters, count_elements, local_name, parse_page, parse_xml
from hierbatch.frontend.books.notes import NoteFinder
from hierbatch.frontend.books.package import Package, read_package
from hierbatch.frontend.books.page import Page, read_page
from hierbatch.frontend.books.page_titles import title_of_page
from hierbatch.frontend.books.rules import reason_of_file_name, reason_of_guide, reason_of_title
from hierbatch.frontend.books.starts import find_starts
from hierbatch.names import printable_name

MAX_ELEMENTS = 500_000
"""Maximum number of elements in a whole book; reading an element takes about 30 µs."""


def read_epub(path: Path, keep: frozenset[str] = frozenset()) -> Book:
    """Read a book from an EPUB file.

    Args:
        path: the file.
        keep: skip reasons to ignore: text that has one of them is read.

    Raises:
        BookError: the file is damaged, encrypted, unsafe or too large.
    """
    remarks: list[str] = []
    with Archive(path) as archive:
        refuse_drm(archive, path.name)
        package = read_package(archive, path.name)
        contents = _read_contents(archive, package, remarks)
        reader = _PagesReader(archive, package, contents, remarks, keep)
        # The trees of the pages are released one by one: blocks do not refer to them, segments would.
        pages = [FlowPage(page.href, page.title, replace(page.page, segments=())) for page in reader.pages()]
        flow = without_license(join_pages(pages))
        lexicons = read_lexicons(archive, package.lexicons, remarks)
        cover = read_cover(archive, package.cover)
    title = package.title or printable_name(path.stem).replace("_", " ")
    starts = find_starts(contents, flow, remarks)
    split = split_chapters(
        flow.blocks, starts.starts, opening_title=title, skip_front=starts.are_from_contents, keep=keep
    )
    return Book(
        title=title,
        author=package.author,
        language=package.language,
        chapters=split.chapters,
        cover=cover,
        skipped=(*reader.dropped, *flow.skipped, *split.skipped),
        remarks=(*remarks, *_remarks(flow)),
        pronunciations=(*flow.pronunciations, *lexicons),
        details=package.details,
    )


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Page of an EPUB: path, element tree for rewriting, blocks and title."""

    href: str
    root: etree._Element
    page: Page
    title: str = ""


def read_source_pages(path: Path) -> Iterator[SourcePage]:
    """Read the pages of a book in reading order; their blocks have the same `source_ref` as those of `read_epub`.

    Raises:
        BookError: the book is damaged, encrypted, unsafe or too large.
    """
    with Archive(path) as archive:
        refuse_drm(archive, path.name)
        package = read_package(archive, path.name)
        contents = _read_contents(archive, package, [])
        yield from _PagesReader(archive, package, contents, [], frozenset()).pages()


def _read_contents(archive: Archive, package: Package, remarks: list[str]) -> list[ContentsEntry]:
    entries: list[ContentsEntry] = []
    for name in (package.navigation, package.ncx):
        if name is None or entries:
            continue
        if name not in archive.names:
            remarks.append(f"The book lacks its table of contents {name}")
        elif name == package.navigation:
            entries = read_navigation(parse_page(archive.read(name), name)[0], name)
        else:
            entries = read_ncx(parse_xml(archive.read(name), name), name)
    return without_repeats(entries)


class _PagesReader:
    """Reader for the pages of a book, one at a time; `dropped` lists the pages that it leaves out."""

    def __init__(
        self,
        archive: Archive,
        package: Package,
        contents: Sequence[ContentsEntry],
        remarks: list[str],
        keep: frozenset[str],
    ) -> None:
        self.dropped: list[SkippedText] = []
        self._archive, self._package, self._remarks, self._keep = archive, package, remarks, keep
        self._listed = {entry.href for entry in contents if reason_of_title(entry.title) is None}
        self._chapter_ids: defaultdict[str, set[str]] = defaultdict(set)
        for entry in contents:
            self._chapter_ids[entry.href].add(entry.fragment)

    def pages(self) -> Iterator[SourcePage]:
        """Yield the pages to read aloud, in reading order.

        Raises:
            BookError: a page is damaged, unsafe or too large, or the book is too large.
        """
        notes = NoteFinder()
        n_elements = n_characters = 0
        for href, root, reason in self._parsed():
            n_elements += count_elements(root)
            n_characters += count_characters(root)
            for name, size, limit in (
                ("elements", n_elements, MAX_ELEMENTS),
                ("characters", n_characters, MAX_BOOK_CHARACTERS),
            ):
                if size > limit:
                    raise BookError(
                        f"The book has too many {name}",
                        expected=f"at most {limit:,} in all",
                        got=f"more, up to {href}",
                        fix="split it into several books",
                    )
            if reason:
                if n_characters := _n_body_characters(root):
                    self.dropped.append(SkippedText(href, reason, n_characters))
                continue
            page = read_page(
                root,
                href,
                note_ids=notes.notes_of(href, root),
                chapter_ids=frozenset(self._chapter_ids.get(href, ())),
                keep=self._keep,
            )
            yield SourcePage(href, root, page, title_of_page(root))

    def _parsed(self) -> Iterator[tuple[str, etree._Element, str | None]]:
        """Parse the pages of the spine; yield path, root element, and the reason to leave the page out or None."""
        for item in self._package.spine:
            if item.href not in self._archive.names:
                self._remarks.append(f"The book lacks its page {item.href}: the text of this page is missing")
                continue
            root, decoded = parse_page(self._archive.read(item.href), item.href)
            if not decoded.is_unicode:
                self._remarks.append(f"{item.href} was decoded as {decoded.encoding}, although an EPUB should be UTF-8")
            reason = reason_of_guide(self._package.guide.get(item.href, ""))
            reason = reason or reason_of_file_name(PurePosixPath(item.href).stem)
            reason = reason if item.is_linear else reason or "outside the reading order"
            yield item.href, root, None if item.href in self._listed or reason in self._keep else reason


def _n_body_characters(root: etree._Element) -> int:
    bodies = (element for element in root.iter() if local_name(element) == "body")
    return sum(len(tidy("".join(body.itertext()))) for body in bodies)


def _remarks(flow: Flow) -> list[str]:
    """Remarks on speech markup that has no effect."""
    n = flow.n_emphases
    return [f"Emphasis has no effect: {n} passages marked for it are read like the rest"] if n else []
