"""A cast and a divided manifest hold every word of the book, and the engine's columns."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hierbatch.errors import InputError
from hierbatch.jobs.books.cast import CAST_COLUMNS, CastBook, cast_book
from hierbatch.jobs.books.import_book import ImportBook, import_book
from tests.loading import ROOT

_TEXT = """# One

Mr. Gray was at home. Mr. Gray looked up, and he saw Anna Hill.

“Good morning,” said Anna Hill, “and thank you.”

“Not at all,” said Mr. Gray. He sat down.

“Are you well?” asked Anna.

“Quite well.”
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.md"
    path.write_text(_TEXT, encoding="utf-8")
    return path


def test_rows_hold_the_same_words_as_an_import_and_name_their_speakers(book: Path, tmp_path: Path) -> None:
    made = cast_book(CastBook(book=book, out=tmp_path / "cast.csv", manifest=tmp_path / "rows.csv"))
    with (tmp_path / "rows.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    plain = import_book(ImportBook(book=book)).table.column("text").to_pylist()
    assert " ".join(row["text"] for row in rows).split() == " ".join(plain).split()
    assert len({row["id"] for row in rows}) == len(rows)
    speakers = {row["text"]: row["character"] for row in rows if row["is_quote"] == "true"}
    assert speakers["“Good morning,”"] == speakers["“Are you well?”"]
    assert speakers["“Not at all,”"] == "Mr. Gray"
    assert all(row["character"] == "" for row in rows if row["is_quote"] != "true")
    assert sum(member.n_lines for member in made.members) == made.n_quotations == 5


def test_the_cast_gives_each_character_a_voice(book: Path, tmp_path: Path) -> None:
    voices = ROOT / "manifests" / "voices" / "voices.csv"
    cast_book(CastBook(book=book, out=tmp_path / "cast.csv", voices=voices, narrator="narrator"))
    with (tmp_path / "cast.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == CAST_COLUMNS
    assert {row["voice"] for row in rows} <= {"narrator", "clear", "low", "seoul"}


def test_an_unknown_narrator_is_refused(book: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="narrator"):
        cast_book(CastBook(book=book, out=tmp_path / "cast.csv", narrator="nobody"))
    assert not (tmp_path / "cast.csv").exists()
