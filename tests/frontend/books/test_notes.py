"""Notes that only the links to them give away."""

from __future__ import annotations

from hierbatch.frontend.books.markup import page_from_text
from hierbatch.frontend.books.notes import NoteFinder
from tests.frontend.books.shelf import page


def notes(**bodies: str) -> dict[str, set[str]]:
    pages = {f"{name}.xhtml": page_from_text(page(body), name) for name, body in bodies.items()}
    finder = NoteFinder()
    return {href: set(ids) for href, root in pages.items() if (ids := finder.notes_of(href, root))}


def test_a_paragraph_that_a_reference_before_it_points_to() -> None:
    body = (
        "<p id='t1'>Text<sup><a id='r1' href='#n1'>1</a></sup> and <a href='#n2'>[2]</a>.</p>"
        "<p id='n1'><a href='#r1'>1</a> First note.</p><p><a id='n2' href='#t1'>[2]</a> Second note.</p>"
    )
    assert notes(one=body) == {"one.xhtml": {"n1", "n2"}}


def test_across_pages_and_in_lists() -> None:
    assert notes(
        one="<p>Text<sup><a href='notes.xhtml#n1'>1</a></sup>.</p>",
        notes="<ol><li id='n1'>A note. <a href='one.xhtml#x'>↩</a></li></ol>",
    ) == {"notes.xhtml": {"n1"}}


def test_a_link_back_makes_no_note_of_the_text() -> None:
    assert notes(one="<p id='r1'>1 is how this sentence begins.</p><p><sup><a href='#r1'>1</a></sup> A note.</p>") == {}


def test_a_target_without_the_mark_is_no_note() -> None:
    assert notes(one="<p>See<sup><a href='#c2'>2</a></sup></p><h2 id='c2'>The River</h2>") == {}
    assert notes(one="<p>See <a href='#c2'>2</a></p><p id='c2'>2 The River</p>") == {}


def test_a_link_that_leads_nowhere() -> None:
    assert notes(one="<p>a<sup><a href='../../x#n'>1</a></sup><sup><a href='#gone'>2</a></sup></p>") == {}
