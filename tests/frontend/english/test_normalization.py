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


def test_a_text_in_another_script_is_named() -> None:
    with pytest.raises(TextError, match="Привет"):
        normalize_english("Привет, мир.")


def test_one_stray_letter_is_dropped() -> None:
    assert normalize_english("The word Ж appears.") == "The word appears."


@pytest.mark.parametrize(
    "text", ["9" * 30_000, "1," * 20_000, "No. " + "123." * 200, "9" * 400 + "th", "$" + "1" * 400, "1" * 400 + "%"]
)
def test_a_number_of_hundreds_of_figures_is_refused(text: str) -> None:
    with pytest.raises(TextError, match="too long to be read aloud"):
        normalize_english(text)


@pytest.mark.parametrize(
    "text", ["9" * 299, "9" * 250 + "th", "$" + "1" * 250 + ".50", "1" * 200 + " ft 2 in", "2" + "⁹" * 250]
)
def test_long_numbers_below_the_limit_are_read(text: str) -> None:
    assert SPOKEN.fullmatch(normalize_english(text))
