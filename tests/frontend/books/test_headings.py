"""Which lines are headings."""

from __future__ import annotations

import pytest

from hierbatch.frontend.books.headings import CHAPTER, PART, SECTION, heading_rank, numbered_sections, numeral_value


@pytest.mark.parametrize(
    ("line", "rank"),
    [
        ("CHAPTER I. Down the Rabbit-Hole", CHAPTER),
        ("CHAPTER XII.", CHAPTER),
        ("Chapter 4", CHAPTER),
        ("Chapter the First", CHAPTER),
        ("Chapter Twenty-One: The End", CHAPTER),
        ("STAVE I:  MARLEY'S GHOST", CHAPTER),
        ("Stave IV — The Last", CHAPTER),
        ("Letter 3", CHAPTER),
        ("PART ONE", PART),
        ("Book II The Golden Thread", PART),
        ("PREFACE", CHAPTER),
        ("Epilogue.", CHAPTER),
        ("제1장 총강", CHAPTER),
        ("제 1 장", CHAPTER),
        ("1장. 만남", CHAPTER),
        ("제이장 여울", CHAPTER),
        ("3화", CHAPTER),
        ("제2부", PART),
        ("제1절 대통령", SECTION),
        ("에필로그", CHAPTER),
        ("<부칙>", CHAPTER),
    ],
)
def test_headings(line: str, rank: int) -> None:
    assert heading_rank(line) == rank
    assert heading_rank(f"       {line}") == rank


@pytest.mark.parametrize(
    "line",
    [
        "Part of the way he walked.",
        "Book 1 of the series was sold.",
        "Chapter and verse",
        "chapter one was dull.",
        "Letter writing is an art",
        "Part I was done by noon.",
        "Chapter One The river rose, and he went on walking until noon.",
        "I",
        "He read chapter 3.",
        "The introduction",
        "1장을 넘기자",
        "제1조 대한민국은 민주공화국이다.",
        "3부 능선을 넘었다.",
        "이 장면은 좋다",
        "",
        "CHAPTER I. " + "a" * 100,
    ],
)
def test_sentences(line: str) -> None:
    assert heading_rank(line) is None


def test_numbered_sections_need_a_whole_row_and_text_between() -> None:
    prose = "x" * 700
    assert numbered_sections(["1", prose, "2", prose, "3", prose]) == [0, 2, 4]
    assert numbered_sections([prose, "I. The River", prose, "II. The Hill", prose]) == [1, 3]
    assert numbered_sections(["1", prose, "3", prose]) == []
    assert numbered_sections(["1. Take two eggs", "2. Beat them", "3. Fry them"]) == []
    assert numbered_sections(["1. Take two eggs.", prose, "2. Beat them.", prose]) == []
    assert numbered_sections([prose]) == []


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("I", 1), ("IV", 4), ("IX", 9), ("XL", 40), ("XCIX", 99), ("MCMXCIV", 1994), ("7", 7), ("042", 42),
     ("IIII", None), ("VX", None), ("", None), ("mix", None), ("M I", None), ("٣", None)],
)  # fmt: skip
def test_numeral_value(numeral: str, value: int | None) -> None:
    assert numeral_value(numeral) == value


@pytest.mark.parametrize(
    "line",
    [
        "<6장>",
        "[7화]",
        "【제3장 강】",
        "Ⅳ. 넷째 날",
        "[외전] 뒷이야기",
        "<번외 2> 봄",
        "작가 후기",
        "셋째 마당",
        "ADVENTURE IV. THE HILL",
    ],
)
def test_headings_of_web_novels_and_collections(line: str) -> None:
    assert heading_rank(line) is not None


@pytest.mark.parametrize(
    "line", ["<박제가 되어버린 천재>를", "[1] 주석이다.", "Ⅳ. 넷째 날이 왔다.", "[외전]에서 본 사람이다.", "<끝>"]
)
def test_brackets_that_are_no_headings(line: str) -> None:
    assert heading_rank(line) is None
