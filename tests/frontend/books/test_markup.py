"""Markup that is unsafe, ill-formed or old."""

from __future__ import annotations

import contextlib
import time

import pytest
from lxml import etree

from hierbatch.errors import BookError
from hierbatch.frontend.books.markup import MAX_PAGE_ELEMENTS, local_name, page_from_text, parse_page, parse_xml
from tests.frontend.books.shelf import NCX_DOCTYPE, XHTML_DOCTYPE, page


def text_of(data: bytes) -> str:
    root, _ = parse_page(data, "page.xhtml")
    return " ".join("".join(root.itertext()).replace("page", "", 1).split())


@pytest.mark.parametrize("doctype", ["<!DOCTYPE html>", XHTML_DOCTYPE, "<!-- <!ENTITY a 'b'> -->\n<!doctype html>"])
def test_a_doctype_without_subset_is_skipped(doctype: str) -> None:
    assert text_of(page("<p>text</p>", head=f'<?xml version="1.0"?>\n{doctype}\n').encode()) == "text"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE html [<!ENTITY lol "lol">]>',
        '<!DOCTYPE html SYSTEM "x.dtd" [ <!ENTITY % file SYSTEM "file:///etc/passwd"> %file; ]>',
        "<!-- comment --><!DOCTYPE html [",
        "<?pi ?><!doctype html [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]>",
        '<!DOCTYPE html [<!ENTITY a SYSTEM "a.txt">]>',
    ],
)
def test_an_internal_subset_is_refused(doctype: str) -> None:
    data = page("<p>&lol;</p>", head=doctype).encode()
    for parse in (parse_page, parse_xml):
        with pytest.raises(BookError, match="declares its own document type"):
            parse(data, "page.xhtml")


def test_named_entities_are_their_characters() -> None:
    assert text_of(page("<p>caf&eacute;&nbsp;&mdash;&amp;&lt;b&gt; &unknown;</p>").encode()) == "café —&<b> &unknown;"


def test_half_closed_tags_are_read_as_a_browser_would() -> None:
    assert text_of(b"<html><body><p>one<p>two<br>three &nbsp; &bogus;</body>").startswith("onetwothree")


@pytest.mark.parametrize("data", [b"", b"   ", b"<?xml version='1.0'?>"])
def test_a_page_without_an_element_is_reported(data: bytes) -> None:
    with pytest.raises(BookError, match="no readable page"):
        parse_page(data, "page.xhtml")


def test_strict_files_must_be_well_formed() -> None:
    assert local_name(parse_xml(f"<?xml version='1.0'?>{NCX_DOCTYPE}<ncx/>".encode(), "toc.ncx")) == "ncx"
    with pytest.raises(BookError, match="not well-formed"):
        parse_xml(b"<ncx><navMap></ncx>", "toc.ncx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "euc-kr", "windows-1252"])
def test_declared_encodings(encoding: str) -> None:
    text = "한국어" if encoding in ("utf-8", "utf-16", "euc-kr") else "“naïve”"
    data = page(f"<p>{text}</p>", head=f'<?xml version="1.0" encoding="{encoding}"?>').encode(encoding)
    assert text_of(data) == text
    assert parse_page(data, "page")[1].is_unicode == encoding.startswith("utf")


def test_a_page_in_another_encoding_than_it_says_is_refused() -> None:
    with pytest.raises(BookError, match="cannot be decoded"):
        parse_page(page("<p>한국어</p>").encode("cp949"), "page.xhtml")


@pytest.mark.parametrize(
    ("declared", "spoken"),
    [
        ('<!ENTITY q "&#x201C;"> <!ENTITY d "&#8212;">', "“Stop—now."),
        ("<!ENTITY q '\u201c'><!-- a dash --><!ENTITY d '-'><!ATTLIST p x CDATA '>'>", "“Stop-now."),
        ("", "&q;Stop&d;now."),
    ],
)
def test_entities_of_one_character_are_read(declared: str, spoken: str) -> None:
    text = page("<p>&q;Stop&d;now.</p>", head=f'<?xml version="1.0"?>\n<!DOCTYPE html [\n{declared}\n]>\n')
    assert text_of(text.encode()) == spoken


@pytest.mark.parametrize("name", ["o:p", "st1:place", "o::p", "x:1"])
def test_a_prefix_in_a_tag_name_is_left_out(name: str) -> None:
    root, _ = parse_page(page(f"<p>before</p><{name}>inside</{name}><p>after</p>").encode(), "page.xhtml")
    assert "".join(root.itertext()).split("page")[-1] == "beforeinsideafter"
    assert not [element for element in root.iter(etree.Element) if ":" in element.tag.rpartition("}")[2]]
    assert local_name(etree.fromstring(f"<{name}/>", etree.HTMLParser()).find("body")[0]) in ("p", "place", "1")


@pytest.mark.parametrize("text", ["Salt & Sea", "Salt &amp; Sea", "Salt & Sea&", "Q&A; R&D"])
def test_a_bare_ampersand_in_a_strict_file_is_the_character(text: str) -> None:
    assert parse_xml(f"<a>{text}</a>".encode(), "toc.ncx").text == text.replace("&amp;", "&")


def test_a_page_of_too_many_elements_is_refused() -> None:
    with pytest.raises(BookError, match="too many elements"):
        parse_page(page("<b/>" * (MAX_PAGE_ELEMENTS + 1)).encode(), "page.xhtml")


def test_line_numbers_survive_a_doctype_of_several_lines() -> None:
    data = page("\n<p>text</p>", head='<?xml version="1.0"?>\n<!DOCTYPE html\n PUBLIC "a"\n "b">\n').encode()
    root, _ = parse_page(data, "page.xhtml")
    assert next(element for element in root.iter() if local_name(element) == "p").sourceline == 6


@pytest.mark.parametrize(
    "hostile",
    [
        "<!--" * 200_000,
        "<!---->" * 100_000,
        " " * 900_000,
        "<?" * 200_000,
        "&a" * 200_000,
        "<!DOCTYPE " + "'" * 200_000,
    ],
)
def test_hostile_markup_takes_no_long_time(hostile: str) -> None:
    start_s = time.perf_counter()
    with contextlib.suppress(BookError):
        parse_page(hostile.encode(), "page.xhtml")
    assert time.perf_counter() - start_s < 5


@pytest.mark.parametrize(
    "attributes",
    ['a{}="1"', "a{}='>'", 'a{}="<"', "a{}", "a{}<"],
)
def test_a_tag_with_very_many_attributes_is_refused(attributes: str) -> None:
    many = " ".join(attributes.format(number) for number in range(3_000))
    with pytest.raises(BookError, match="too many attributes"):
        page_from_text(f"<html><body><p {many}>A</p></body></html>", "p")


def test_long_values_and_a_broken_quote_are_read() -> None:
    long = "word " * 5_000
    root = page_from_text(f'<html><body><img alt="{long}"/><p a="b"c">A = <b>B</p></body></html>', "p")
    assert "".join(root.itertext()).strip() == "A = B"
