"""Any book file; what is none gives one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from hierbatch.errors import BookError
from hierbatch.frontend.books.reading import read_book
from tests.frontend.books.shelf import small_epub

KOREAN = "강물은 밤새 불어서 아침에는 다리를 데려가고 말았다."


@pytest.mark.parametrize("name", ["book.txt", "book.TXT", "book.text", "book.md", "book.markdown"])
def test_text_formats(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(KOREAN, encoding="utf-8-sig")
    book = read_book(tmp_path / name)
    assert [block.text for block in book.chapters[0].blocks] == [KOREAN]
    assert book.remarks == ()


def test_an_old_encoding_is_read_and_reported(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_bytes(KOREAN.encode("euc-kr"))
    book = read_book(tmp_path / "book.txt")
    assert book.chapters[0].blocks[0].text == KOREAN
    assert "CP949" in book.remarks[0]


def test_epub(tmp_path: Path) -> None:
    assert read_book(small_epub(tmp_path / "book.EPUB")).chapters[0].title == "One"


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("book.pdf", b"%PDF-1.4", "no supported book format"),
        ("book", b"text", "no supported book format"),
        ("book.txt", b"%PDF-1.4 ...", "is not a text file"),
        ("book.txt", b"text\0with\0nulls", "is not a text file"),
        ("book.txt", b"", "has no text to read aloud"),
        ("book.txt", b"* * *\n\n...\n", "has no text to read aloud"),
        ("book.md", b"# Only a title\n", "has no text to read aloud"),
        ("book.txt", "Привет, мир.".encode("cp1251"), "cannot be decoded"),
        ("book.epub", b"no zip", "is not a readable EPUB"),
        ("book.epub", b"", "is not a readable EPUB"),
    ],
)
def test_what_is_no_book(tmp_path: Path, name: str, content: bytes, fault: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BookError, match=fault) as caught:
        read_book(tmp_path / name)
    assert caught.value.expected
    assert caught.value.got
    assert caught.value.fix


def test_a_text_of_very_many_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hierbatch.frontend.books.reading._MAX_TEXT_BYTES", 2_000_000)
    (tmp_path / "book.txt").write_bytes(b"word " * 500_000)
    with pytest.raises(BookError, match="too large") as caught:
        read_book(tmp_path / "book.txt")
    assert "at most 2 MB" in caught.value.expected


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="no such file"):
        read_book(tmp_path / "book.epub")
    with pytest.raises(BookError, match="a folder"):
        read_book(tmp_path)


def test_an_epub_under_another_name_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="is not a text file"):
        read_book(small_epub(tmp_path / "book.txt"))
