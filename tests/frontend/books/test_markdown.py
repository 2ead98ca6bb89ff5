"""Markdown to chapters."""

from __future__ import annotations

from hierbatch.frontend.books.markdown import read_markdown

TEXT = """---
title: "The River"
author: A. Author
lang: en
---

# The River

A word before.

## Source

It *rises* in the **hills**[^1], as [the map](map.html) `shows`.
It is &amp; was &mdash; small.

[^1]: In the north.
    Far in the north.

```python
x = 1
```

    indented code

> “Is it deep?”

- one
- two

| a | b |
|---|---|
| 1 | 2 |

![a picture](a.png)

---

제2장
-----

<div class="pagenum">12</div>

물이 빠르다.[pause:1.5]

<!-- a comment -->
"""


def test_a_book_in_markdown() -> None:
    book = read_markdown(TEXT.replace("\n", "\r\n"), "river.md")
    assert (book.title, book.author, book.language) == ("The River", "A. Author", "en")
    assert [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters] == [
        ("The River", ["The River", "A word before."]),
        (
            "Source",
            ["Source", "It rises in the hills, as the map shows. It is & was — small.", "“Is it deep?”", "one", "two"],
        ),
        ("제2장", ["제2장", "물이 빠르다.[pause:1.5]"]),
    ]
    assert {skipped.reason for skipped in book.skipped} == {
        "note", "note reference", "code", "table", "page number",
    }  # fmt: skip
    assert book.chapters[1].blocks[-1].pause_after_s is not None


def test_places_are_lines_of_the_file() -> None:
    lines = TEXT.splitlines()
    for chapter in read_markdown(TEXT, "river.md").chapters:
        for block in chapter.blocks:
            number = int(block.source_ref.removeprefix("river.md#L").partition(".")[0])
            assert block.text[:2] in lines[number - 1]


def test_several_outermost_headings_are_chapters() -> None:
    book = read_markdown("# One\n\na\n\n## Inside\n\nb\n\n# Two\n\nc\n", "my_book.md")
    assert book.title == "One"
    assert [(chapter.title, len(chapter.blocks)) for chapter in book.chapters] == [("One", 4), ("Two", 2)]


def test_text_alone_is_one_chapter_named_by_its_file() -> None:
    book = read_markdown("Only text.\n", "my_book.md")
    assert [(chapter.title, len(chapter.blocks)) for chapter in book.chapters] == [("my book", 1)]


def test_attribute_names_that_only_html_allows_are_read() -> None:
    text = '# One\n\n<div {x="1" a{b="2">Text of a <i {="3">strange</i> page.</div>\n'
    (chapter,) = read_markdown(text, "my_book.md").chapters
    assert "Text of a strange page." in [block.text for block in chapter.blocks]
