"""Plain text to chapters and paragraphs."""

from __future__ import annotations

import textwrap

import pytest

from hierbatch.frontend.books.book import SCENE_BREAK_S, Book
from hierbatch.frontend.books.inline_notes import without_inline_notes
from hierbatch.frontend.books.layout import hyphenated_words
from hierbatch.frontend.books.plain import read_plain

PROSE = (
    "The river rose in the night, and by the morning it had taken the bridge and the mill and both of the boats that "
    "had lain on the bank since the autumn. Nobody saw it go. The miller, who slept on the hill that winter, said "
    "afterwards that he had heard nothing but the wind, and that the dog had not barked."
)
KOREAN = "강물은 밤새 불어서 아침에는 다리와 물방앗간과 배 두 척을 모두 데려가고 말았다. 본 사람은 아무도 없었다."


def wrapped(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 72))


def outline(book: Book) -> list[tuple[str, list[str]]]:
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


GUTENBERG = f"""The Project Gutenberg eBook of The River

This eBook is for the use of anyone anywhere.

Title: The River

Author: A. Author

Language: English

*** START OF THE PROJECT GUTENBERG EBOOK THE RIVER ***

Produced by Somebody

THE RIVER

by A. Author

CONTENTS

Chapter I. Source
Chapter II. Delta

CHAPTER I. SOURCE

{wrapped(PROSE)}

      A verse that stands
      in shorter lines.

[Illustration: The river]

“_What_ is it?”--he asked--“a =boat=?”

  *    *    *    *

{wrapped(PROSE)}



CHAPTER II.
DELTA

{wrapped(PROSE)}

*** END OF THE PROJECT GUTENBERG EBOOK THE RIVER ***

Most people start at our Web site: www.gutenberg.org
"""


def test_a_gutenberg_text() -> None:
    book = read_plain(GUTENBERG.replace("\n", "\r\n"), "river.txt")
    assert (book.title, book.author, book.language) == ("The River", "A. Author", "en")
    assert outline(book) == [
        (
            "CHAPTER I. SOURCE",
            [
                "CHAPTER I. SOURCE",
                PROSE,
                "A verse that stands in shorter lines.",
                "“What is it?”—he asked—“a boat?”",
                PROSE,
            ],
        ),
        ("CHAPTER II. DELTA", ["CHAPTER II. DELTA", PROSE]),
    ]
    assert book.chapters[0].blocks[3].pause_after_s == SCENE_BREAK_S
    assert {skipped.reason for skipped in book.skipped} == {"license text", "table of contents", "title page"}
    first = book.chapters[0].blocks[1]
    assert GUTENBERG.splitlines()[int(first.source_ref.rpartition(":")[2]) - 1] == wrapped(PROSE).splitlines()[0]


def test_contents_with_each_entry_on_its_own() -> None:
    text = f"CONTENTS\n\nChapter 1\n\nChapter 2\n\nChapter 1\n\n{PROSE}\n\nChapter 2\n\n{PROSE}\n"
    assert outline(read_plain(text, "a.txt")) == [
        ("Chapter 1", ["Chapter 1", PROSE]),
        ("Chapter 2", ["Chapter 2", PROSE]),
    ]


def test_a_korean_story_with_title_author_contents_and_source() -> None:
    text = f"      큰 물\n          현 진 건\n\n\n1. 샘\n2. 여울\n\n\n{KOREAN}\n{KOREAN}\n\n―『조선문단』(1925. 2)\n"
    book = read_plain(text, "강.txt")
    assert (book.title, book.author) == ("큰 물", "현진건")
    assert outline(book) == [("큰 물", ["큰 물", KOREAN, KOREAN])]
    assert [skipped.reason for skipped in book.skipped] == ["table of contents", "source note", "title page"]


def test_a_korean_text_with_its_own_divisions() -> None:
    text = f"민법\n\n{KOREAN}\n\n  제1장 총칙\n  제1절 통칙\n제1조 {KOREAN}\n  제2장 사람\n제2조 {KOREAN}\n"
    assert outline(read_plain(text, "민법.txt")) == [
        ("민법", ["민법", KOREAN]),
        ("제1장 총칙", ["제1장 총칙", "제1절 통칙", f"제1조 {KOREAN}"]),
        ("제2장 사람", ["제2장 사람", f"제2조 {KOREAN}"]),
    ]


def test_a_text_without_a_title_is_named_by_its_file() -> None:
    book = read_plain(f"{KOREAN}\n\n{KOREAN}", "큰_물.txt")
    assert (book.title, outline(book)) == ("큰 물", [("큰 물", [KOREAN, KOREAN])])


def test_one_line_paragraphs_stay_and_wrapped_ones_are_joined() -> None:
    lines = [PROSE, "Yes.", PROSE[:100] + ".", "No."]
    assert outline(read_plain("\n".join(lines), "a.txt"))[0][1] == lines
    assert outline(read_plain(wrapped(PROSE) + "\n\n" + wrapped(PROSE), "a.txt"))[0][1] == [PROSE, PROSE]


def test_indented_first_lines_part_wrapped_paragraphs() -> None:
    indented = "\n".join(textwrap.wrap(PROSE, 72, initial_indent="    "))
    assert outline(read_plain(f"{indented}\n{indented}\n{indented}", "a.txt"))[0][1] == [PROSE] * 3


def test_a_wide_gap_is_a_scene_break() -> None:
    blocks = read_plain(f"{KOREAN}\n\n\n\n{KOREAN}\n\n{KOREAN}", "a.txt").chapters[0].blocks
    assert [block.pause_after_s for block in blocks] == [SCENE_BREAK_S, None, None]


def test_a_poem_keeps_all_but_its_title_page() -> None:
    lines = [
        "나 보기가 역겨워",
        "가실 때에는",
        "말없이 고이 보내",
        "드리우리다",
        "영변에 약산",
        "진달래꽃",
        "아름 따다",
    ]
    book = read_plain("진달래꽃\n김소월\n\n" + "\n".join(lines), "poem.txt")
    assert (book.title, book.author) == ("진달래꽃", "김소월")
    assert outline(book)[0][1] == ["진달래꽃", *lines]
    without_author = read_plain("진달래꽃\n\n말없이\n" + "\n".join(lines), "poem.txt")
    assert outline(without_author)[0][1] == ["진달래꽃", "말없이", *lines]


def test_numbers_alone_divide_a_text_too() -> None:
    book = read_plain(f"The River\n\n1\n\n{PROSE}\n\n2\n\n{PROSE}\n", "a.txt")
    assert [chapter.title for chapter in book.chapters] == ["1", "2"]


def test_an_empty_text_gives_an_empty_book() -> None:
    assert read_plain("\n \n", "a.txt").chapters == ()


LONG_PROSE = "It stood at the end of the lane where the water turned and nobody had ever seen it work. " * 4


def chapters(text: str) -> list[str]:
    return [chapter.title for chapter in read_plain(text, "b.txt").chapters]


def spoken(text: str) -> list[str]:
    return [block.text for chapter in read_plain(text, "b.txt").chapters for block in chapter.blocks]


def test_adventures_with_numbered_sections_and_titles_that_continue_without_the_word() -> None:
    text = "".join(
        f"\n\n\n{title}\n\n{LONG_PROSE}"
        for title in ("ADVENTURE I. THE MILL\n\nI.", "II.", "III.", "ADVENTURE II. THE BRIDGE", "III. THE FORD OF IRON")
    )
    assert chapters(text) == ["ADVENTURE I. THE MILL", "ADVENTURE II. THE BRIDGE", "III. THE FORD OF IRON"]


def test_titles_in_capitals_are_chapters_where_there_is_nothing_else() -> None:
    text = f"THE OLD MILL\n\n{LONG_PROSE}\n\nTHE NEW BRIDGE\n\n{LONG_PROSE}\n\nTHE END\n"
    assert chapters(text) == ["THE OLD MILL", "THE NEW BRIDGE"]
    assert chapters(f"Chapter 1\n\n{LONG_PROSE}\n\nA SIGN\n\n{LONG_PROSE}\n\nChapter 2\n\n{LONG_PROSE}") == [
        "Chapter 1",
        "Chapter 2",
    ]
    assert len(chapters(f"THE BOOK\n\nby Ann Lee\n\n{LONG_PROSE}\n\nA SIGN\n\n{LONG_PROSE}")) == 1


def test_words_cut_at_line_ends_are_joined_and_compounds_keep_their_hyphen() -> None:
    cut = "It stood where the river turned and nobody saw it at work in years be-\n"
    cut += "fore the war came and took the mill and the boats and all of the men.\n" * 9
    assert "before" in spoken(cut)[0]
    assert "be-" not in spoken(cut)[0]
    compound = cut + "And a well-known man was always there, and he was always so very well-\nknown too."
    assert spoken(compound)[0].count("well-known") == 2


def test_notes_in_brackets_after_their_paragraph() -> None:
    text = "The wall was high.[1] It fell.[*]\n\n[1] Higher than a man.\n\n[*] In 1901.\n\n[2] is how this begins.\n"
    assert spoken(text) == ["The wall was high. It fell.", "[2] is how this begins."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The <b>bold</b> man said &quot;no&quot; &amp; left.<br/>\n", ['The bold man said "no" & left.']),
        ("Fish&nbsp;and chips &#8212; twice.<br>Then more.\n", ["Fish and chips — twice.", "Then more."]),
        ("a < b and c > d, <끝> & so on; AT&T.\n", ["a < b and c > d, <끝> & so on; AT&T."]),
        ("<html><body><h1>One</h1><p>It ran.</p></body></html>", ["One", "It ran."]),
        ('One <break time="1s"/>two <sub alias="World">W</sub>.\n', ["One [pause:1] two World."]),
        ('The <say-as interpret-as="characters">FBI</say-as> <emphasis>came</emphasis>.\n', ["The F B I came."]),
    ],
)
def test_markup_in_plain_text(text: str, expected: list[str]) -> None:
    assert spoken(text) == expected


def test_pronunciations_and_emphasis_in_plain_text() -> None:
    book = read_plain('The <phoneme alphabet="ipa" ph="liːd">lead</phoneme> <emphasis>came</emphasis>.\n', "b.txt")
    assert [(found.word, found.phonemes) for found in book.pronunciations] == [("lead", "liːd")]
    assert "1 passages" in book.remarks[0]


def test_long_runs_of_letters_and_spaces_cost_linear_time():
    """Quadratic work would take hours here."""
    assert hyphenated_words([f"a well-known {'a' * 1_000_000}"]) == {"well-known"}
    assert without_inline_notes("x" + " " * 1_000_000 + "y")[1] == 0
