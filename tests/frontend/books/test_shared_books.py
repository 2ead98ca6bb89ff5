"""Real books: their real chapters, no markup, no notes, no license."""

from __future__ import annotations

import html
import re
import zipfile

import pytest

from hierbatch.frontend.books.book import Book
from hierbatch.frontend.books.headings import numeral_value
from hierbatch.frontend.books.reading import read_book
from tests.frontend.books.shelf import SHARED_TEXTS, shared

pytestmark = shared

LICENSE = re.compile(r"standard ebooks|gutenberg|public domain|copyright|creative commons|cc0|(?<![\w-])e-?book", re.I)
NO_CHAPTER = re.compile("titlepage|imprint|colophon|uncopyright|endnotes")
MARKUP = re.compile(r"</?[a-z]+|&[a-z]+;|https?:|\bxmlns\b|_\w+_|\*\s*\*")


def text_of(book: Book) -> str:
    return "\n".join(block.text for chapter in book.chapters for block in chapter.blocks)


def reasons(book: Book) -> set[str]:
    return {skipped.reason for skipped in book.skipped}


@pytest.mark.parametrize(
    ("name", "n_chapters", "first", "last", "n_characters"),
    [
        ("sherlock-holmes", 12, "A Scandal in Bohemia", "The Adventure of the Copper Beeches", 555_000),
        ("pride-and-prejudice", 61, "I", "LXI", 682_000),
        ("time-machine", 13, "I", "Epilogue", 178_000),
    ],
)
def test_standard_ebooks(name: str, n_chapters: int, first: str, last: str, n_characters: int) -> None:
    book = read_book(SHARED_TEXTS / "epub" / f"standardebooks_{name}.epub")
    titles = [chapter.title for chapter in book.chapters]
    assert (len(titles), titles[0], titles[-1]) == (n_chapters, first, last)
    assert all(chapter.blocks[0].kind == "heading" for chapter in book.chapters)
    assert sum(chapter.n_characters for chapter in book.chapters) == pytest.approx(n_characters, rel=0.01)
    assert not LICENSE.search(text_of(book))
    assert not MARKUP.search(text_of(book))
    assert {"title page", "imprint"} <= reasons(book)
    assert book.cover is not None
    assert book.cover[:2] == b"\xff\xd8"


@pytest.mark.parametrize("name", ["sherlock-holmes", "pride-and-prejudice"])
def test_every_word_of_the_chapters_is_there_and_no_other(name: str) -> None:
    """Against the pages with their tags simply cut out, in the order of the spine."""
    path = SHARED_TEXTS / "epub" / f"standardebooks_{name}.epub"
    with zipfile.ZipFile(path) as archive:
        spine = re.findall(r'<itemref idref="([^"]+)"', archive.read("epub/content.opf").decode())
        pages = [archive.read(f"epub/text/{page}").decode() for page in spine if not NO_CHAPTER.match(page)]
    bodies = [
        html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"(?s)^.*<body[^>]*>|</(p|h\d)>", " ", page))) for page in pages
    ]
    assert re.findall(r"\w+", text_of(read_book(path))) == re.findall(r"\w+", " ".join(bodies))


def test_chapter_numbers_run_without_a_gap() -> None:
    book = read_book(SHARED_TEXTS / "epub" / "standardebooks_pride-and-prejudice.epub")
    assert [numeral_value(chapter.title) for chapter in book.chapters] == list(range(1, 62))


def test_the_time_machine_s_note_and_its_mark_are_not_read() -> None:
    book = read_book(SHARED_TEXTS / "epub" / "standardebooks_time-machine.epub")
    assert "built into the side of a hill" not in text_of(book)
    assert "the floor of the gallery sloped at all. The end I had come in at" in text_of(book)
    assert {"note", "note reference"} <= reasons(book)


def test_alice() -> None:
    book = read_book(SHARED_TEXTS / "en" / "Alice_in_Wonderland.txt")
    assert (book.title, book.author, book.language) == ("Alice’s Adventures in Wonderland", "Lewis Carroll", "en")
    assert len(book.chapters) == 12
    assert all(chapter.title.startswith("CHAPTER ") for chapter in book.chapters)
    assert book.chapters[0].blocks[1].text.startswith("Alice was beginning to get very tired of sitting by her sister")
    assert text_of(book).endswith("the happy summer days.\nTHE END")
    assert not LICENSE.search(text_of(book))
    assert not MARKUP.search(text_of(book))


def test_a_christmas_carol() -> None:
    book = read_book(SHARED_TEXTS / "en" / "A_Christmas_Carol.txt")
    assert [chapter.title.partition(":")[0] for chapter in book.chapters] == [
        "PREFACE", "STAVE I", "STAVE II", "STAVE III", "STAVE IV", "STAVE V",
    ]  # fmt: skip
    assert text_of(book).endswith("God bless Us, Every One!")
    assert not LICENSE.search(text_of(book))
    assert {"license text", "table of contents", "title page"} == reasons(book)


@pytest.mark.parametrize(
    ("name", "title", "author", "begin", "end"),
    [
        ("동백꽃", "동백꽃", "", "오늘도 또 우리 수탉이", "치빼지 않을 수 없었다."),
        ("날개", "날개", "", "<박제가 되어버린 천재>를", "<끝>"),
        ("운수_좋은_날", "운수 좋은 날", "현진건", "새침하게 흐린 품이", "괴상하게도 오늘은! 운수가, 좋더니만…….”"),
        ("술_권하는_사회", "술 권하는 사회", "현진건", '"아이그, 아야”', "왜 술을 권하는고!”"),
        ("B사감과_러브레터", "B사감과 러브 레터", "현진건", "C여학교에서 교원 겸", "눈물을 씻었다."),
        ("탈출기", "탈출기", "최서해", "김군! 수삼 차 편지는", "가슴에 넘치누나!"),
        ("홍염", "홍염", "최서해", "겨울은 이 가난한", "하늘하늘 올랐다."),
    ],
)
def test_korean_stories(name: str, title: str, author: str, begin: str, end: str) -> None:
    book = read_book(SHARED_TEXTS / "ko" / f"{name}.txt")
    assert (book.title, book.author) == (title, author)
    assert [chapter.title for chapter in book.chapters] == [title]
    paragraphs = [block.text for block in book.chapters[0].blocks if block.kind == "paragraph"]
    assert paragraphs[0].startswith(begin)
    assert paragraphs[-1].endswith(end)
    assert not re.search("목차|편집자 주|조선문단|개벽", text_of(book))


def test_the_korean_constitution_by_its_own_divisions() -> None:
    book = read_book(SHARED_TEXTS / "ko" / "대한민국_헌법.txt")
    assert [chapter.title.partition(" ")[0] for chapter in book.chapters] == [
        "대한민국헌법", *(f"제{number}장" for number in range(1, 11)),
    ]  # fmt: skip
    sections = [block.text for block in book.chapters[4].blocks if block.kind == "heading"]
    assert sections[:3] == ["제4장 정부", "제1절 대통령", "제2절 행정부"]


@pytest.mark.parametrize(
    ("name", "n_chapters", "dropped"),
    [
        ("childrens-literature", 20, {"page number", "bibliography", "note"}),
        ("figure-gallery-bindings", 1, {"drawing"}),
        ("georgia-pls-ssml", 10, {"note", "note reference", "page number", "figure"}),
        ("hefty-water", 4, {"code", "ruby gloss"}),
        ("internallinks", 15, {"table", "code", "note", "note reference"}),
        ("trees", 2, {"drawing"}),
    ],
)
def test_samples_of_the_standard(name: str, n_chapters: int, dropped: set[str]) -> None:
    book = read_book(SHARED_TEXTS / "epub" / f"idpf_{name}.epub")
    assert len(book.chapters) == n_chapters
    assert dropped <= reasons(book)
