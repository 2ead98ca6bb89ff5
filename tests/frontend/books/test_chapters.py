"""Blocks and a table of contents to chapters."""

from __future__ import annotations

from hierbatch.frontend.books.book import Block
from hierbatch.frontend.books.chapters import ChapterSplit, ChapterStart, split_chapters, starts_from_headings


def blocks(*texts: str) -> list[Block]:
    """`# One` is a heading of level 1, anything else a paragraph."""
    made = []
    for index, text in enumerate(texts):
        level = len(text) - len(text.lstrip("#"))
        kind = "heading" if level else "paragraph"
        made.append(Block(kind=kind, text=text.lstrip("# "), source_ref=str(index), level=level))
    return made


def outline(cut: ChapterSplit) -> list[tuple[str, int, list[str]]]:
    return [(chapter.title, chapter.level, [block.text for block in chapter.blocks]) for chapter in cut.chapters]


def cut(texts: list[str], *starts: ChapterStart, skip_front: bool = True) -> ChapterSplit:
    return split_chapters(blocks(*texts), starts, opening_title="The Book", skip_front=skip_front)


def test_chapters_run_from_entry_to_entry() -> None:
    found = cut(["# One", "a", "b", "# Two", "c"], ChapterStart("One", 1, 0), ChapterStart("Two", 1, 3))
    assert outline(found) == [("One", 1, ["One", "a", "b"]), ("Two", 1, ["Two", "c"])]
    assert found.skipped == ()


def test_contents_out_of_order_are_put_in_order() -> None:
    found = cut(["a", "b"], ChapterStart("Two", 1, 1), ChapterStart("One", 1, 0))
    assert [title for title, _, _ in outline(found)] == ["One", "Two"]


def test_a_part_gives_its_title_page_to_its_first_chapter() -> None:
    found = cut(
        ["# Part One", "## I", "a", "## II", "b", "# Part Two", "## I", "c"],
        ChapterStart("Part One", 1, 0, "p1"),
        ChapterStart("I", 2, 1, "c1"),
        ChapterStart("II", 2, 3, "c2"),
        ChapterStart("Part Two", 1, 5, "p2"),
        ChapterStart("I", 2, 6, "c3"),
    )
    assert outline(found) == [
        ("Part One: I", 2, ["Part One", "I", "a"]),
        ("Part One: II", 2, ["II", "b"]),
        ("Part Two: I", 2, ["Part Two", "I", "c"]),
    ]


def test_numbered_sections_of_a_story_stay_in_it() -> None:
    starts = [ChapterStart("A Story", 1, 0, "s"), ChapterStart("I", 2, 1, "s"), ChapterStart("II", 2, 3, "s")]
    texts = ["# A Story", "## I", "a", "## II", "b"]
    assert outline(cut(texts, *starts)) == [("A Story", 1, ["A Story", "I", "a", "II", "b"])]
    # ... but the chapters of a part do not, though it be one file
    part = [ChapterStart("Part 1", 1, 0, "s"), *starts[1:]]
    assert [title for title, _, _ in outline(cut(texts, *part))] == ["Part 1: I", "Part 1: II"]
    named = [starts[0], ChapterStart("I. The River", 2, 1, "s"), ChapterStart("II. The Hill", 2, 3, "s")]
    assert [title for title, _, _ in outline(cut(texts, *named))] == ["I. The River", "II. The Hill"]


def test_titles_of_what_is_never_read() -> None:
    found = cut(
        ["Copyright 1901", "a" * 100, "1. A note", "2. Another"],
        ChapterStart("Copyright", 1, 0),
        ChapterStart("One", 1, 1),
        ChapterStart("미주", 1, 2),
        ChapterStart("Chapter One", 2, 3),
    )
    assert [title for title, _, _ in outline(found)] == ["One"]
    assert [(skipped.label, skipped.reason) for skipped in found.skipped] == [
        ("Copyright", "imprint"),
        ("미주", "note"),
        ("Chapter One", "note"),
    ]


def test_a_little_front_matter_goes_and_much_text_stays() -> None:
    start = ChapterStart("One", 1, 1)
    little = cut(["A title page", "a" * 500], start)
    assert [title for title, _, _ in outline(little)] == ["One"]
    assert little.skipped[0].reason == "front matter"
    much = cut(["b" * 400, "a" * 500], start)
    assert [title for title, _, _ in outline(much)] == ["The Book", "One"]
    assert [title for title, _, _ in outline(cut(["A word.", "a" * 500], start, skip_front=False))] == [
        "The Book",
        "One",
    ]


def test_nothing_of_the_text_is_lost_or_doubled() -> None:
    texts = ["front", "# A", "a", "# B", "# C", "c", "# D"]
    starts = [ChapterStart(name, 1, index) for name, index in (("A", 1), ("B", 3), ("C", 4), ("D", 6))]
    found = cut(texts, *starts, skip_front=False)
    assert [block.source_ref for chapter in found.chapters for block in chapter.blocks] == [*map(str, range(7))]


def test_paragraphs_that_repeat_the_title_become_headings() -> None:
    found = cut(["Chapter I.", "DOWN THE HOLE", "Down she went."], ChapterStart("Chapter I: Down the Hole", 1, 0))
    assert [block.kind for block in found.chapters[0].blocks] == ["heading", "heading", "paragraph"]


def titles(*texts: str) -> list[tuple[str, int]]:
    return [(start.title, start.level) for start in starts_from_headings(blocks(*texts))]


def test_headings_as_chapters() -> None:
    assert titles("a", "b") == []
    assert titles("# One", "a", "# Two", "b", "## Two and a half", "c") == [("One", 1), ("Two", 1)]
    assert titles("# Title", "## One", "a", "## Two", "b") == [("Title", 1), ("One", 1), ("Two", 1)]
    assert titles("# Title", "preface", "### One", "a", "### Two", "b") == [("Title", 1), ("One", 1), ("Two", 1)]
    parts = ["# P1", "## One", "a", "## Two", "b", "# P2", "## Three", "c"]
    assert titles(*parts) == [("P1", 1), ("One", 2), ("Two", 2), ("P2", 1), ("Three", 2)]
