"""Reader for books of any supported format."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from hierbatch.errors import BookError
from hierbatch.frontend.books.book import MAX_BOOK_CHARACTERS, Book
from hierbatch.frontend.books.encoding import decode
from hierbatch.frontend.books.epub import read_epub
from hierbatch.frontend.books.markdown import read_markdown
from hierbatch.frontend.books.plain import read_plain
from hierbatch.names import printable_name

BOOK_SUFFIXES = (".epub", ".txt", ".text", ".md", ".markdown")
"""File name suffixes of the supported formats."""

_MAX_TEXT_BYTES = 64_000_000


def read_book(path: Path, keep: frozenset[str] = frozenset()) -> Book:
    """Read a book from an EPUB, plain text or Markdown file.

    Args:
        path: the file.
        keep: skip reasons to ignore: text that has one of them is read.

    Raises:
        BookError: the file is missing, in an unsupported format, damaged, encrypted, unsafe, too large, in an unknown
            encoding, or has no text to read aloud.
    """
    if not path.is_file():
        raise BookError(
            f"There is no book at {path}",
            expected=f"a file ending in {', '.join(BOOK_SUFFIXES)}",
            got="a folder" if path.is_dir() else "no such file",
            fix="check the path",
        )
    suffix = path.suffix.lower()
    if suffix not in BOOK_SUFFIXES:
        raise BookError(
            f"{path.name} has no supported book format",
            expected=f"a file ending in {', '.join(BOOK_SUFFIXES)}",
            got=suffix or "no suffix",
            fix="convert the book to EPUB, or correct its suffix",
        )
    book = read_epub(path, keep) if suffix == ".epub" else _read_text_file(path, suffix, keep)
    if not any(chapter.n_characters for chapter in book.chapters):
        dropped = ", ".join(sorted({skipped.reason for skipped in book.skipped}))
        raise BookError(
            f"{path.name} has no text to read aloud",
            expected="at least one paragraph of text",
            got=f"only text that is always skipped: {dropped}" if book.skipped else "an empty book",
            fix="check that the book has text and not only pictures of pages",
        )
    return book


def _read_text_file(path: Path, suffix: str, keep: frozenset[str]) -> Book:
    data = _read_bytes(path)
    if zipfile.is_zipfile(path) or b"%PDF-" in data[:8]:
        raise _not_text(path, "a PDF or a zip archive with the wrong suffix")
    decoded = decode(data, name=path.name)
    if "\0" in decoded.text:
        raise _not_text(path, "binary data")
    if len(decoded.text) > MAX_BOOK_CHARACTERS:
        raise BookError(
            f"{path.name} is too long for one book",
            expected=f"at most {MAX_BOOK_CHARACTERS:,} characters",
            got=f"{len(decoded.text):,}",
            fix="split it into several books",
        )
    book = (
        read_plain(decoded.text, printable_name(path.name), keep)
        if suffix in (".txt", ".text")
        else read_markdown(decoded.text, printable_name(path.name), keep)
    )
    if decoded.is_unicode:
        return book
    remark = f"{path.name} is not UTF-8: it was decoded as {decoded.encoding.upper()}, check the first sentences"
    return replace(book, remarks=(*book.remarks, remark))


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_TEXT_BYTES + 1)
    except OSError as error:
        raise BookError(
            f"{path} cannot be read", expected="a readable file", got=str(error), fix="check its permissions"
        ) from error
    if len(data) > _MAX_TEXT_BYTES:
        raise BookError(
            f"{path.name} is too large for one book",
            expected=f"at most {_MAX_TEXT_BYTES // 1_000_000} MB of text",
            got=f"{path.stat().st_size / 1e6:.0f} MB",
            fix="split it into several books",
        )
    return data


def _not_text(path: Path, got: str) -> BookError:
    return BookError(
        f"{path.name} is not a text file",
        expected="text",
        got=got,
        fix="correct the suffix, or export the book as text",
    )
