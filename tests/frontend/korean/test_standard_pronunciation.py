"""The Standard Pronunciation (표준 발음법): its examples, all pairs of letters, lists of words."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hierbatch.frontend.korean.pronunciation import pronounce_words
from hierbatch.frontend.korean.sound_rules import Boundary, Joint, pronounce
from hierbatch.frontend.korean.syllables import CODAS, ONSETS, HangulSyllable

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("HIERBATCH_SHARED", HERE.parents[3] / "shared")) / "cases" / "books"
SHARED_TABLES = ("items_ko_pronounced_1.tsv", "items_ko_pronounced_2.tsv")


def rows_of(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


EXAMPLES = rows_of(HERE / "standard_pronunciation.tsv")
KINDS = [*rows_of(HERE / "pronunciation_cases.tsv"), *rows_of(HERE / "word_cases.tsv")]
PAIRS = rows_of(HERE / "finals_and_initials.tsv")


def pronounced(text: str) -> str:
    return " ".join(pronounce_words(re.sub("[^가-힣 ]", "", text).split()))


@pytest.mark.parametrize(("article", "written", "spoken", "source"), EXAMPLES, ids=[row[1] for row in EXAMPLES])
def test_examples_of_the_standard(article: str, written: str, spoken: str, source: str) -> None:
    assert pronounced(written) == spoken
    assert source in ("quoted", "recalled")


@pytest.mark.parametrize(("written", "spoken"), KINDS, ids=[row[0] for row in KINDS])
def test_words_in_sentences(written: str, spoken: str) -> None:
    assert pronounced(written) in spoken.split("|")


def test_the_matrix_is_complete() -> None:
    assert [row[0] for row in PAIRS] == list(CODAS[1:])
    assert all(len(row[1].split()) == len(ONSETS) for row in PAIRS)


@pytest.mark.parametrize(("coda", "pairs"), PAIRS, ids=[row[0] for row in PAIRS])
def test_every_final_before_every_initial(coda: str, pairs: str) -> None:
    found = []
    for onset in ONSETS:
        before, after = pronounce(
            [HangulSyllable("ㅁ", "ㅏ", coda), HangulSyllable(onset, "ㅏ", "")], [Boundary(Joint.INSIDE)]
        )
        found.append((before.coda or "-") + after.onset)
    assert found == pairs.split()


def test_finals_alone_are_seven_sounds() -> None:
    alone = [pronounce([HangulSyllable("ㅁ", "ㅏ", coda)], [])[0].coda for coda in CODAS[1:]]
    assert set(alone) == set("ㄱㄴㄷㄹㅁㅂㅇ")


def test_a_text_as_pronounced_keeps_its_number_of_syllables() -> None:
    for _, written, *_ in EXAMPLES:
        words = written.split()
        assert [len(word) for word in pronounce_words(words)] == [len(word) for word in words]


@pytest.mark.shared
@pytest.mark.parametrize("name", SHARED_TABLES)
def test_shared_words(name: str) -> None:
    if not (SHARED / name).is_file():
        pytest.skip("no shared cases here")
    rows = rows_of(SHARED / name)
    wrong = [row[0] for row in rows if pronounced(row[0].replace("6·25", "육이오")) not in row[1].split("|")]
    assert len(wrong) <= 0.03 * len(rows), wrong
