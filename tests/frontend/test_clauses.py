"""Long sentences in parts."""

from __future__ import annotations

import random

import pytest

from hierbatch.frontend.clauses import split_long


@pytest.mark.parametrize(
    ("text", "language", "limit", "parts"),
    [
        ("Short enough.", "en", 20, ["Short enough."]),
        (" ", "en", 20, []),
        # the stronger mark is taken even where a comma would be more even
        ("He came, he saw the river; he stayed there.", "en", 30, ["He came, he saw the river;", "he stayed there."]),
        ("He came to the river, then he stayed there.", "en", 30, ["He came to the river,", "then he stayed there."]),
        # a comma inside a number and a colon inside a time are no clauses
        ("It cost exactly 1,000,000 at 3:30 in all", "en", 25, ["It cost exactly", "1,000,000 at 3:30 in all"]),
        ("He came to the river and then stayed there.", "en", 30, ["He came to the river", "and then stayed there."]),
        ("one two three four five six seven eight", "en", 20, ["one two three four", "five six seven eight"]),
        ("강물이 밤새 불어서 다리를 데려가고 배도 두 척 데려갔다", "ko", 22,
         ["강물이 밤새 불어서 다리를 데려가고", "배도 두 척 데려갔다"]),
        ("강물이 불었고, 다리가 떠내려가서 없다", "ko", 15, ["강물이 불었고,", "다리가 떠내려가서 없다"]),
        ("abcdefghij" * 3, "en", 12, ["abcdefghijab", "cdefghijabcd", "efghij"]),
    ],
)  # fmt: skip
def test_split_long(text: str, language: str, limit: int, parts: list[str]) -> None:
    assert split_long(text, language, limit) == parts


@pytest.mark.parametrize("language", ["en", "ko"])
def test_nothing_is_lost_and_no_part_is_too_long(language: str) -> None:
    chance = random.Random(7)
    words = ["a", "river,", "rose;", "강물이", "불어서", "—", "x" * 30, "(so)", "3:30", "그리고", "and", "was."]
    for _ in range(400):
        text = " ".join(chance.choices(words, k=chance.randint(1, 60)))
        limit = chance.randint(20, 120)
        parts = split_long(text, language, limit)
        assert "".join("".join(parts).split()) == "".join(text.split())
        assert all(0 < len(part) <= limit for part in parts)
        if limit > 40:
            assert " ".join(parts) == text
            assert len(parts) <= 2.6 * len(text) / limit + 1  # parts are not crumbs
