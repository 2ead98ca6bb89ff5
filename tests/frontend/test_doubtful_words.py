"""Words to check are found with their reason, count and first sentence."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pytest

from hierbatch.frontend.doubtful_words import find_doubtful_words, find_second_opinions
from hierbatch.frontend.lexicon import Lexicon
from hierbatch.jobs.books.words import WORD_COLUMNS, WordsJob, find_words


def _reasons(*sentences: str) -> dict[str, str]:
    return {found.word: found.reason for found in find_doubtful_words(sentences)}


def test_each_kind_of_word_has_its_reason() -> None:
    reasons = _reasons(
        "Once she met Hermione at the NASA station.",
        "The B52 flew over Москва at 5pm on the 3rd.",
        "They read the lead article.",
        "우리는 서울에서 gradient를 배웠다.",
    )
    assert reasons["Hermione"] == "name"
    assert reasons["NASA"] == "acronym"
    assert reasons["B52"] == "mixed"
    assert reasons["Москва"] == "foreign"
    assert reasons["서울"] == "name"
    assert reasons["gradient"] == "loanword"
    assert not {"Once", "She", "The", "5pm", "3rd"} & reasons.keys()


def test_a_heteronym_counts_only_where_no_rule_decides() -> None:
    assert "read" in _reasons("They read it.")
    assert "read" not in _reasons("They had read it.")


def test_a_word_that_also_occurs_in_lower_case_is_no_name() -> None:
    assert _reasons("It was the Garden gate.", "In the garden she met Alice.") == {"Alice": "name"}


def test_words_are_counted_and_the_first_sentence_is_kept() -> None:
    (found,) = find_doubtful_words(["He saw Anna.", "Then Anna went.", "And Anna’s hat."])
    assert (found.word, found.n_occurrences, found.sentence) == ("Anna", 3, "He saw Anna.")


def test_the_table_becomes_a_lexicon_of_the_completed_rows(tmp_path: Path) -> None:
    book = tmp_path / "book.md"
    book.write_text("# One\n\nHe met Nguyen and Hermione.\n", encoding="utf-8")
    table = tmp_path / "words.csv"
    assert {word.found.word for word in find_words(WordsJob(source=book, out=table))} == {"Nguyen", "Hermione"}
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == WORD_COLUMNS
    assert all(row["phonemes"] and not row["pronunciation"] for row in rows)
    assert Lexicon.read(table).entries == ()
    for row in rows:
        row["pronunciation"] = "wɪn" if row["word"] == "Nguyen" else ""
        row["kind"] = "ipa"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, WORD_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    assert [entry.word for entry in Lexicon.read(table).entries] == ["Nguyen"]
    rest = find_words(WordsJob(source=book, out=tmp_path / "rest.csv", lexicon=table))
    assert [word.found.word for word in rest] == ["Hermione"]


def test_a_second_opinion_lists_what_g2pk_pronounces_differently() -> None:
    if find_spec("g2pk") is None:
        pytest.skip("g2pk cannot be installed on this Python")
    found = find_second_opinions(["늦은 밤에 학교에 갔다.", "늦은 가을."])
    assert [(word.word, word.n_occurrences, word.reason) for word in found] == [("늦은", 2, "second opinion")]
