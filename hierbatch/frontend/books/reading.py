"""A book file of any supported format -> a `Book`."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from hierbatch.errors import BookError
from hierbatch.frontend.books.book import Book
from hierbatch.frontend.books.encoding import decode
from hierbatch.frontend.books.epub import read_epub
from hierbatch.frontend.books.markdown import read_markdown
from hierbatch.frontend.books.plain import read_plain

BOOK_SUFFIXES = (".epub", ".txt", ".text", ".md", ".markdown")
"""File names' endings of the formats that can be read."""

_MOST_TEXT_BYTES = 64_000_000


def read_book(path: Path) -> Book:
    """The book in an EPUB, plain text or Markdown file.

    Raises BookError where the file is missing, of another format, damaged, locked, unsafe, in an unknown encoding,
    or holds nothing to read aloud.
    """
    if not path.is_file():
        raise BookError(
            f"There is no book at {path}",
            wanted=f"a file ending in {', '.join(BOOK_SUFFIXES)}",
            got="a folder" if path.is_dir() else "nothing of that name",
            mend="check the path",
        )
    suffix = path.suffix.lower()
    if suffix not in BOOK_SUFFIXES:
        raise BookError(
            f"{path.name} is of no known book format",
            wanted=f"a file ending in {', '.join(BOOK_SUFFIXES)}",
            got=suffix or "no ending",
            mend="convert the book to EPUB, or rename it if it is one of these",
        )
    book = read_epub(path) if suffix == ".epub" else _read_text_file(path, suffix)
    if not any(chapter.n_characters for chapter in book.chapters):
        dropped = ", ".join(sorted({skipped.reason for skipped in book.skipped})) or "nothing at all"
        raise BookError(
            f"{path.name} holds nothing to read aloud",
            wanted="at least one paragraph of text",
            got=f"only what is never read: {dropped}" if book.skipped else "an empty book",
            mend="check that the book is text and not pictures of pages",
        )
    return book


def _read_text_file(path: Path, suffix: str) -> Book:
    data = _read_bytes(path)
    if zipfile.is_zipfile(path) or b"%PDF-" in data[:8]:
        raise _no_text(path, "a PDF or a zip archive under another name")
    decoded = decode(data, name=path.name)
    if "\0" in decoded.text:
        raise _no_text(path, "binary data")
    book = (
        read_plain(decoded.text, path.name) if suffix in (".txt", ".text") else read_markdown(decoded.text, path.name)
    )
    if decoded.is_unicode:
        return book
    remark = f"{path.name} is no UTF-8: it was read as {decoded.encoding.upper()}, check the first sentences"
    return replace(book, remarks=(*book.remarks, remark))


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_TEXT_BYTES + 1)
    except OSError as error:
        raise BookError(
            f"{path} cannot be read", wanted="a readable file", got=str(error), mend="check its permissions"
        ) from error
    if len(data) > _MOST_TEXT_BYTES:
        raise BookError(
            f"{path.name} is too large for one book",
            wanted=f"at most {_MOST_TEXT_BYTES // 1_000_000} MB of text",
            got=f"{path.stat().st_size / 1e6:.0f} MB",
            mend="split it into several books",
        )
    return data


def _no_text(path: Path, got: str) -> BookError:
    return BookError(
        f"{path.name} is no text file",
        wanted="text",
        got=got,
        mend="give the file its true ending, or export it as text",
    )
