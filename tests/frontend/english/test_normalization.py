from __future__ import annotations

import re

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.english.normalization import normalize_english
from tests.frontend.cases import read_cases

CASES = read_cases("english/normalization_cases.tsv")
SPOKEN = re.compile(r"[A-Za-zÀ-ɏ' ,.?!-]*")


@pytest.mark.parametrize(("raw", "spoken"), CASES, ids=[case[0] for case in CASES])
def test_reads_as_people_do(raw: str, spoken: str) -> None:
    assert normalize_english(raw) == spoken


def test_table_is_as_long_as_promised() -> None:
    assert len(CASES) >= 150


@pytest.mark.parametrize("raw", [raw for raw, _ in CASES])
def test_what_is_spoken_is_only_words_and_marks(raw: str) -> None:
    assert SPOKEN.fullmatch(normalize_english(raw))


@pytest.mark.parametrize("spoken", [spoken for _, spoken in CASES if not re.search(r"\bA\b", spoken)])
def test_spoken_words_stay_as_they_are(spoken: str) -> None:
    assert normalize_english(spoken) == spoken


def test_letters_of_another_script_are_named() -> None:
    with pytest.raises(TextError, match="П р и в е т"):
        normalize_english("He said Привет to us.")


def test_one_stray_letter_is_dropped() -> None:
    assert normalize_english("The word Ж appears.") == "The word appears."
