from __future__ import annotations

import re

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.korean.normalization import normalize_korean
from tests.frontend.cases import read_cases

CASES = read_cases("korean/normalization_cases.tsv")
SPOKEN = re.compile(r"[가-힣A-Za-z' ,.?!]*")


@pytest.mark.parametrize(("raw", "spoken"), CASES, ids=[case[0] for case in CASES])
def test_reads_as_people_do(raw: str, spoken: str) -> None:
    assert normalize_korean(raw) == spoken


def test_table_is_as_long_as_promised() -> None:
    assert len(CASES) >= 150


@pytest.mark.parametrize("raw", [raw for raw, _ in CASES])
def test_what_is_spoken_is_only_words_and_marks(raw: str) -> None:
    assert SPOKEN.fullmatch(normalize_korean(raw))


@pytest.mark.parametrize("spoken", [spoken for _, spoken in CASES])
def test_spoken_words_stay_as_they_are(spoken: str) -> None:
    assert normalize_korean(spoken) == spoken


def test_a_hanja_of_unknown_reading_is_named() -> None:
    with pytest.raises(TextError, match="㐂"):
        normalize_korean("㐂은 글자다.")


def test_letters_of_another_script_are_named() -> None:
    with pytest.raises(TextError, match="ひ ら"):
        normalize_korean("일본어 ひらがな이다.")
