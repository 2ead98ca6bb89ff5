"""Chapters of an EPUB whose contents are incomplete, wrong or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from hierbatch.frontend.books.book import Book
from hierbatch.frontend.books.reading import read_book
from tests.frontend.books.shelf import navigation, package, page, write_epub

NAV = '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'


def book(path: Path, items: str, *, manifest: str = "", **bodies: str) -> Book:
    """A book of the pages `bodies`, with a table of contents unless `items` is empty."""
    names = [f"{name}.xhtml" for name in bodies]
    files = {"content.opf": package(names, manifest=manifest + (NAV if items else ""))}
    files |= {f"{name}.xhtml": page(body) for name, body in bodies.items()}
    return read_book(write_epub(path / "a.epub", files | ({"nav.xhtml": navigation(items)} if items else {})))


def outline(found: Book) -> list[tuple[str, list[str]]]:
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in found.chapters]


def link(title: str, href: str, inner: str = "") -> str:
    return f'<li><a href="{href}">{title}</a>{inner}</li>'


def test_a_heading_before_an_entry_opens_its_chapter(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        link("River", "a.xhtml") + link("Hill", "a.xhtml#h"),
        a="<h2>River</h2><p>It ran.</p><h2>Hill</h2><div id='h'><p>It rose.</p></div>",
    )
    assert outline(found) == [("River", ["River", "It ran."]), ("Hill", ["Hill", "It rose."])]


def test_an_end_mark_stays_with_the_chapter_that_it_ends(tmp_path: Path) -> None:
    body = "<h2>River</h2><p>It ran.</p><h3>The End</h3><h2 id='h'>Hill</h2><p>It rose.</p>"
    found = book(tmp_path, link("River", "a.xhtml") + link("Hill", "a.xhtml#h"), a=body)
    assert outline(found)[0] == ("River", ["River", "It ran.", "The End"])


def test_a_part_without_a_link_opens_with_its_first_chapter(tmp_path: Path) -> None:
    items = link("I", "a.xhtml") + f"<li><span>Part Two</span><ol>{link('I', 'a.xhtml#c')}</ol></li>"
    body = "<h2>I</h2><p>It ran.</p><h1>Part Two</h1><h2 id='c'>I</h2><p>It rose.</p>"
    assert outline(book(tmp_path, items, a=body)) == [
        ("I", ["I", "It ran."]),
        ("Part Two: I", ["Part Two", "I", "It rose."]),
    ]


def test_an_entry_without_a_target(tmp_path: Path) -> None:
    body = "<h2 id='r'>River</h2><p>It ran.</p><h2 id='h'>Hill</h2><p>It rose.</p>"
    items = link("River", "a.xhtml#r") + link("Hill", "a.xhtml#h") + link("Sea", "a.xhtml#gone")
    found = book(tmp_path, items, a=body)
    assert [title for title, _ in outline(found)] == ["River", "Hill"]
    assert any("'Sea'" in remark for remark in found.remarks)
    alone = book(
        tmp_path, link("River", "a.xhtml#gone") + link("Hill", "b.xhtml"), a="<p>It ran.</p>", b="<p>It rose.</p>"
    )
    assert [title for title, _ in outline(alone)] == ["River", "Hill"]


def test_two_entries_for_one_place(tmp_path: Path) -> None:
    items = link("River", "a.xhtml") + link("Hill", "b.xhtml") + link("River again", "a.xhtml")
    found = book(tmp_path, items, a="<p>It ran.</p>", b="<p>It rose.</p>")
    assert [title for title, _ in outline(found)] == ["River", "Hill"]


def test_contents_that_name_only_the_beginning(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        link("River", "a.xhtml"),
        a="<h2>River</h2><p>It ran.</p>",
        b="<h2>Hill</h2><p>It rose.</p>",
        c="<p>It rose on.</p><h3>A section</h3><p>It fell.</p><h2>Sea</h2><p>It lay.</p>",
    )
    assert outline(found) == [
        ("River", ["River", "It ran."]),
        ("Hill", ["Hill", "It rose.", "It rose on.", "A section", "It fell."]),
        ("Sea", ["Sea", "It lay."]),
    ]


def test_neither_contents_nor_headings(tmp_path: Path) -> None:
    pages = {
        "a": "<p class='chapter-title'>The River</p><p>It ran.</p>",
        "b": "<p class='chapter-title'>The Hill</p><p>It rose.</p>",
    }
    found = book(tmp_path, "", **pages)
    assert [title for title, _ in outline(found)] == ["The River", "The Hill"]
    assert "neither" in found.remarks[0]
    one = book(tmp_path, "", a="<p>It ran.</p>", b="<p>It rose.</p>")
    assert len(one.chapters) == 1


@pytest.mark.parametrize(
    ("end", "start", "joined"),
    [
        ("He went past the mill and over the", "hill was long.", "He went past the mill and over the hill was long."),
        ("The river was long be-", "fore the war.", "The river was long before the war."),
        (
            "그는 오래된 물레방아를 지나서 강을 따라 걷고",
            "또 걸었다.",
            "그는 오래된 물레방아를 지나서 강을 따라 걷고 또 걸었다.",
        ),
        ("He went.", "and so on.", None),
        ("A SIGN", "Then he went.", None),
        ("그는 걸었다", "강이 보였다.", None),
    ],
)
def test_a_sentence_that_the_end_of_a_page_cuts(tmp_path: Path, end: str, start: str, joined: str | None) -> None:
    found = book(tmp_path, link("One", "a.xhtml"), a=f"<h2>One</h2><p>{end}</p>", b=f"<p>{start}</p><p>Last.</p>")
    assert outline(found)[0][1][1:] == ([joined, "Last."] if joined else [end, start, "Last."])


def test_a_missing_page_and_a_page_listed_twice(tmp_path: Path) -> None:
    opf = package(["a.xhtml", "gone.xhtml", "b.xhtml"]).replace("</spine>", '<itemref idref="p0"/>' * 50 + "</spine>")
    files = {
        "content.opf": opf,
        "a.xhtml": page("<h2>A</h2><p>It ran.</p>"),
        "b.xhtml": page("<h2>B</h2><p>It rose.</p>"),
    }
    found = read_book(write_epub(tmp_path / "a.epub", files))
    assert outline(found) == [("A", ["A", "It ran."]), ("B", ["B", "It rose."])]
    assert any("gone.xhtml" in remark for remark in found.remarks)


@pytest.mark.parametrize("spine", ['<itemref idref="j"/>', ""])
def test_a_page_that_stands_in_for_a_foreign_file_is_read(tmp_path: Path, spine: str) -> None:
    manifest = '<item id="j" href="a.json" media-type="application/json" fallback="k"/>'
    manifest += '<item id="k" href="b.svg" media-type="image/svg+xml" fallback="p0"/>'
    opf = package(["a.xhtml"], manifest=manifest).replace('<itemref idref="p0"/>', spine)
    found = read_book(write_epub(tmp_path / "a.epub", {"content.opf": opf, "a.xhtml": page("<p>It ran.</p>")}))
    assert outline(found)[0][1] == ["It ran."]


def test_chapters_that_a_user_keeps(tmp_path: Path) -> None:
    files = {"content.opf": package(["a.xhtml", "b.xhtml"])}
    files |= {"a.xhtml": page("<h2>Index</h2><p>It ran.</p>"), "b.xhtml": page("<h2>Notes</h2><p>It rose.</p>")}
    path = write_epub(tmp_path / "a.epub", files)
    assert [chapter.title for chapter in read_book(path, frozenset({"index", "note"})).chapters] == ["Index", "Notes"]
    assert [chapter.title for chapter in read_book(path, frozenset({"index"})).chapters] == ["Index"]


def test_pronunciations_of_a_lexicon_in_the_book(tmp_path: Path) -> None:
    pls = (
        '<lexicon version="1.0" alphabet="ipa" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"><lexeme>'
        "<grapheme>Nguyen</grapheme><grapheme>Nguyễn</grapheme><phoneme>wɪn</phoneme></lexeme></lexicon>"
    )
    manifest = '<item id="l" href="l.pls" media-type="application/pls+xml"/>'
    files = {"content.opf": package(["a.xhtml"], manifest=manifest), "a.xhtml": page("<p>It ran.</p>"), "l.pls": pls}
    found = read_book(write_epub(tmp_path / "a.epub", files)).pronunciations
    assert [(word.word, word.phonemes) for word in found] == [("Nguyen", "wɪn"), ("Nguyễn", "wɪn")]
