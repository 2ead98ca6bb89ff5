"""Whole EPUBs, built here: an EPUB 2 with nested contents, a Korean EPUB 3, and what goes wrong with them."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hierbatch.errors import BookError
from hierbatch.frontend.books.book import Book
from hierbatch.frontend.books.reading import read_book
from tests.frontend.books.shelf import (
    NCX_DOCTYPE,
    XHTML_DOCTYPE,
    navigation,
    package,
    page,
    small_epub,
    write_epub,
)

HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n{XHTML_DOCTYPE}\n'
JPEG, PNG = b"\xff\xd8\xff\xe0picture", b"\x89PNG\r\n\x1a\npicture"


def outline(book: Book) -> list[tuple[int, str, list[str]]]:
    return [(chapter.level, chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


def point(title: str, src: str, *children: str) -> str:
    label = f"<navLabel><text>{title}</text></navLabel>"
    return f'<navPoint id="{src}" playOrder="1">{label}<content src="{src}"/>{"".join(children)}</navPoint>'


@pytest.fixture
def epub_2(tmp_path: Path) -> Path:
    """Two parts in three files: a part's title page of its own, two chapters in one file, one chapter over two."""
    ncx = (
        f'<?xml version="1.0"?>\n{NCX_DOCTYPE}\n<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">'
        "<head/><docTitle><text>The River</text></docTitle><navMap>"
        + point("Copyright", "copyright.html")
        + point(
            "Part One",
            "part1.html",
            point("Chapter 1. Source", "text1.html"),
            point("Chapter 2. Rapids &amp; Falls", "text1.html#ch2"),
        )
        + point("Part Two", "text2.html", point("Chapter 3. Delta", "text2.html#ch3"))
        + point("Notes", "notes.html")
        + "</navMap></ncx>"
    )
    pages = ["titlepage.xhtml", "copyright.html", "part1.html", "text1.html", "text2.html", "text3.html", "notes.html"]
    files = {
        "content.opf": package(
            pages,
            version="2.0",
            metadata=(
                "<dc:title>The River</dc:title><dc:creator>A. Author</dc:creator><dc:language>en-GB</dc:language>"
                '<meta name="cover" content="cover"/>'
            ),
            manifest=(
                '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
                '<item id="cover" href="images/cover.jpg" media-type="image/jpeg"/>'
            ),
            spine='toc="ncx"',
            guide='<guide><reference type="notes" title="Notes" href="notes.html"/></guide>',
        ),
        "toc.ncx": ncx,
        "images/cover.jpg": JPEG,
        "titlepage.xhtml": page("<p>THE RIVER</p><p>A. Author</p>", head=HEAD),
        "copyright.html": page("<p>Copyright 1901. All rights reserved.</p>", head=HEAD),
        "part1.html": page("<h1>Part One</h1>", head=HEAD),
        "text1.html": page(
            "<p class='t'>Chapter 1.</p><p class='t'>Source</p><p>It rises<a href='notes.html#n1'><sup>1</sup></a> "
            "in the hills.</p><div id='ch2'><h2>Chapter 2. Rapids &amp; Falls</h2></div><p>It falls&nbsp;far.</p>",
            head=HEAD,
        ),
        "text2.html": page("<h1>Part Two</h1><h2 id='ch3'>Chapter 3. Delta</h2><p>It slows.</p>", head=HEAD),
        "text3.html": page("<p>It ends.</p>", head=HEAD),
        "notes.html": page("<h2>Notes</h2><p id='n1'>1. In the north.</p>", head=HEAD),
    }
    return write_epub(tmp_path / "river.epub", files)


def test_an_epub_2_by_its_nested_contents(epub_2: Path) -> None:
    book = read_book(epub_2)
    assert (book.title, book.author, book.language, book.cover) == ("The River", "A. Author", "en-GB", JPEG)
    assert outline(book) == [
        (2, "Chapter 1. Source", ["Part One", "Chapter 1.", "Source", "It rises in the hills."]),
        (2, "Chapter 2. Rapids & Falls", ["Chapter 2. Rapids & Falls", "It falls far."]),
        (2, "Chapter 3. Delta", ["Part Two", "Chapter 3. Delta", "It slows.", "It ends."]),
    ]
    kinds = [[block.kind[0] for block in chapter.blocks] for chapter in book.chapters]
    assert kinds == [["h", "h", "h", "p"], ["h", "p"], ["h", "h", "p", "p"]]
    reasons = {(skipped.label.removeprefix("OEBPS/"), skipped.reason) for skipped in book.skipped}
    assert reasons == {
        ("titlepage.xhtml", "title page"),
        ("copyright.html", "imprint"),
        ("text1.html", "note reference"),
        ("notes.html", "note"),
    }


@pytest.fixture
def korean_epub(tmp_path: Path) -> Path:
    """An EPUB 3 with nested contents, typed notes, ruby, and a page in UTF-16."""
    items = (
        '<li><a href="cover.xhtml">표지</a></li>'
        '<li><a href="part.xhtml">제1부 강</a><ol>'
        '<li><a href="%EA%B0%95.xhtml#c1">제1장 <b>샘</b></a></li><li><a href="%EA%B0%95.xhtml#c2">제2장 여울</a></li>'
        "</ol></li>"
        '<li><span>부록</span><ol><li><a href="after.xhtml">지은이의 말</a></li></ol></li>'
        '<li><a href="colophon.xhtml">판권</a></li>'
    )
    pages = ["cover.xhtml", "nav.xhtml", "part.xhtml", "%EA%B0%95.xhtml", "after.xhtml", "colophon.xhtml"]
    return write_epub(
        tmp_path / "강.epub",
        {
            "content.opf": package(
                pages,
                metadata=(
                    '<dc:title id="sub">큰 물</dc:title><dc:title id="main">강</dc:title>'
                    '<meta refines="#main" property="title-type">main</meta>'
                    "<dc:creator>김하나</dc:creator><dc:creator>이두리</dc:creator><dc:language>ko</dc:language>"
                ),
                manifest=(
                    '<item id="toc" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
                    '<item id="c" href="cover.png" media-type="image/png" properties="cover-image"/>'
                    '<item id="remote" href="https://example.org/a.mp3" media-type="audio/mpeg"/>'
                ),
            ),
            "nav.xhtml": navigation(items),
            "cover.png": PNG,
            "cover.xhtml": page("<img src='cover.png' alt='강 표지'/>"),
            "part.xhtml": page("<h1>제1부 강</h1>"),
            "강.xhtml": page(
                "<section id='c1'><h2>제1장 샘</h2><p>강은 <ruby>泉<rt>샘</rt></ruby>에서 "
                "비롯한다<a epub:type='noteref' href='#n'>1</a>. Rivers are old.</p>"
                "<aside epub:type='footnote' id='n'><p>옛 책에 있다.</p></aside></section>"
                "<section id='c2'><h2>제2장 여울</h2><pre>코드</pre><p>물이 빠르다.</p></section>",
                head='<?xml version="1.0" encoding="utf-16"?>',
            ).encode("utf-16"),
            "after.xhtml": page("<h2>지은이의 말</h2><p>고맙다.</p>"),
            "colophon.xhtml": page("<p>펴낸곳 물가</p>"),
        },
    )


def test_a_korean_epub_3(korean_epub: Path) -> None:
    book = read_book(korean_epub)
    assert (book.title, book.author, book.language, book.cover) == ("강", "김하나, 이두리", "ko", PNG)
    assert outline(book) == [
        (2, "제1장 샘", ["제1부 강", "제1장 샘", "강은 샘에서 비롯한다. Rivers are old."]),
        (2, "제2장 여울", ["제2장 여울", "물이 빠르다."]),
        (2, "지은이의 말", ["지은이의 말", "고맙다."]),
    ]
    assert {skipped.reason for skipped in book.skipped} == {
        "table of contents", "ruby base", "note reference", "note", "code", "imprint",
    }  # fmt: skip


def test_without_contents_the_headings_are_chapters(tmp_path: Path) -> None:
    pages = {"content.opf": package(["a.xhtml", "b.xhtml"])}
    pages |= {f"{name}.xhtml": page(f"<h2>{name.upper()}</h2><p>Text {name}.</p>") for name in "ab"}
    book = read_book(write_epub(tmp_path / "no_contents.epub", pages, mimetype=False))
    assert book.title == "no contents"
    assert outline(book) == [(1, "A", ["A", "Text a."]), (1, "B", ["B", "Text b."])]
    assert "no usable table of contents" in book.remarks[0]


def test_gutenberg_s_frame_inside_an_epub(tmp_path: Path) -> None:
    body = (
        "<p>The Project Gutenberg eBook of X</p><p>*** START OF THE PROJECT GUTENBERG EBOOK X ***</p><h2>One</h2>"
        "<p>Text.</p><p>*** END OF THE PROJECT GUTENBERG EBOOK X ***</p><p>Donate.</p>"
    )
    book = read_book(small_epub(tmp_path / "a.epub", **{"one.xhtml": page(body)}))
    assert outline(book) == [(1, "One", ["One", "Text."])]
    assert [skipped.reason for skipped in book.skipped] == ["license text"]


def test_the_picture_inside_a_drawn_cover(tmp_path: Path) -> None:
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink">' + "".join(
        f'<image x:href="data:image/jpeg;base64,{base64.b64encode(data).decode()}"/>'
        for data in (JPEG, JPEG + b"large")
    )
    cover = '<item id="c" href="c.svg" media-type="image/svg+xml" properties="cover-image"/>'
    path = small_epub(
        tmp_path / "a.epub", **{"content.opf": package(["one.xhtml"], manifest=cover), "c.svg": drawing + "</svg>"}
    )
    assert read_book(path).cover == JPEG + b"large"


def test_pages_outside_the_reading_order(tmp_path: Path) -> None:
    opf = package(["one.xhtml", "aside.xhtml"]).replace('<itemref idref="p1"/>', '<itemref idref="p1" linear="no"/>')
    path = small_epub(tmp_path / "a.epub", **{"content.opf": opf, "aside.xhtml": page("<p>Answers.</p>")})
    book = read_book(path)
    assert [block.text for chapter in book.chapters for block in chapter.blocks] == ["One", "One sentence."]
    assert book.skipped[0].reason == "outside the reading order"


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"content.opf": package([])}, "has no text to read aloud"),
        ({"one.xhtml": page("<img src='a.png'/>")}, "has no text to read aloud"),
        ({"one.xhtml": page("<h1>Copyright</h1><p>1901</p>")}, "only text that is always skipped: imprint"),
        ({"content.opf": package(["gone.xhtml"])}, "has no text to read aloud"),
        ({"content.opf": "<package><manifest>"}, "not well-formed"),
        ({"content.opf": '<!DOCTYPE p [<!ENTITY a "bcd">]><package/>'}, "declares its own document type"),
        ({"one.xhtml": '<!DOCTYPE p [<!ENTITY a "bcd">]>' + page("<p>&a;</p>", head="")}, "declares its own document"),
        ({"/META-INF/container.xml": "<container/>"}, "has no package document"),
        ({"one.xhtml": page("<p>글</p>").encode("cp949")}, "cannot be decoded"),
    ],
)
def test_each_fault_is_one_clear_error(tmp_path: Path, files: dict[str, str | bytes], fault: str) -> None:
    path = small_epub(tmp_path / "a.epub", **files)
    with pytest.raises(BookError, match=fault):
        read_book(path)


def test_links_that_lead_out_of_the_archive_are_no_pages(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text(page("<p>secret</p>"))
    opf = package(["one.xhtml", "../../secret.xhtml", "file:///etc/passwd", "http://example.org/x.xhtml"])
    book = read_book(small_epub(tmp_path / "a.epub", **{"content.opf": opf}))
    assert [block.text for chapter in book.chapters for block in chapter.blocks] == ["One", "One sentence."]


@pytest.mark.parametrize(("limit", "fault"), [("MAX_BOOK_CHARACTERS", "characters"), ("MAX_ELEMENTS", "elements")])
def test_a_book_over_a_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, fault: str
) -> None:
    monkeypatch.setattr(f"hierbatch.frontend.books.epub.{limit}", 50)
    book = small_epub(tmp_path / "b.epub", **{"one.xhtml": page("<p>word word</p>" * 60)})
    with pytest.raises(BookError, match=f"too many {fault}"):
        read_book(book)
