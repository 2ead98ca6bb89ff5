from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.english.phonemizer import EnglishPhonemizer
from hierbatch.frontend.korean.loanwords import Loanwords
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


def test_a_hanja_of_unknown_reading_does_not_stop_its_sentence() -> None:
    assert normalize_korean("글자 㐂 하나다.") == "글자 하나다."


@pytest.mark.parametrize(
    ("raw", "spoken"),
    [
        ("일본어 ひらがな이다.", "일본어 히라가나이다."),
        ("トヨタ 자동차", "토요타 자동차"),
        ("그는 Привет라고 했다.", "그는 privet라고 했다."),
        ("κόσμος를 읽는다.", "kosmos를 읽는다."),
        ("α와 β", "알파 와 베타"),
    ],
)
def test_words_of_another_script_are_transliterated(raw: str, spoken: str) -> None:
    assert normalize_korean(raw) == spoken


@pytest.mark.parametrize("endless", ["1" * 30_000, "1," * 15_000, "一" * 30_000, "國" * 30_000, "가1" * 15_000])
def test_an_endless_word_is_refused(endless: str) -> None:
    with pytest.raises(TextError, match="too long to read aloud"):
        normalize_korean(f"값은 {endless}이다.")


@pytest.mark.parametrize("n_digits", [16, 17, 40, 99])
def test_a_long_number_is_read_digit_by_digit(n_digits: int) -> None:
    spoken = normalize_korean(f"값은 {'7' * n_digits}이다.")
    assert spoken.count("칠") == n_digits


SHARED = Path(os.environ.get("HIERBATCH_SHARED", Path(__file__).parents[4] / "shared")) / "cases" / "books"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["items_ko_1.tsv", "items_ko_2.tsv"])
def test_shared_texts(name: str) -> None:
    if not (SHARED / name).is_file():
        pytest.skip("no shared cases here")
    loanword = Loanwords(EnglishPhonemizer)
    rows = [line.split("\t") for line in (SHARED / name).read_text(encoding="utf-8").splitlines()]

    def bare(text: str) -> str:
        return re.sub(r"[\s,.?!]", "", text)

    def spoken(text: str) -> str:
        return bare(re.sub("[A-Za-z]+", lambda found: loanword(found[0]), normalize_korean(text)))

    wrong = [raw for raw, expected in rows if spoken(raw) not in map(bare, expected.split("|"))]
    assert len(wrong) <= 0.01 * len(rows), wrong
