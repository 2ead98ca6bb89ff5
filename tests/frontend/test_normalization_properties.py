"""Properties of normalization: numbers survive their words, and text that is spoken already stays as it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.errors import TextError
from hierbatch.frontend.english.normalization import normalize_english
from hierbatch.frontend.english.numbers import roman_value, say_cardinal
from hierbatch.frontend.korean.normalization import normalize_korean
from hierbatch.frontend.korean.numbers import say_native, say_sino
from tests.frontend.cases import read_cases
from tests.frontend.number_words import english_value, native_value, roman, sino_value

large = st.integers(0, 10**15 - 1) | st.integers(0, 10_000)
any_text = st.text(st.characters(codec="utf-8"), max_size=60)
figures = st.text(st.sampled_from("0123456789:/.,-–%$€£₩°'\" aAmpPsSt제시년월일원개"), max_size=40)


def sentences(language):
    """Sentences of two or three written cases of the language's table: numbers, money, dates, abbreviations."""
    raw = [raw for raw, _ in read_cases(f"{language}/normalization_cases.tsv")]
    return st.lists(st.sampled_from(raw), min_size=1, max_size=3).map(" ".join)


@given(large | large.map(lambda value: -value))
def test_an_english_number_survives_its_words(value):
    assert english_value(say_cardinal(value)) == value


@given(st.integers(10_000, 10**15 - 1))
def test_a_written_number_in_an_english_sentence_survives(value):
    spoken = normalize_english(f"They counted {value:,} stars.")
    assert english_value(spoken.removeprefix("They counted ").removesuffix(" stars.")) == value


@given(large)
def test_a_sino_korean_number_survives_its_words(value):
    assert sino_value(say_sino(value)) == value


@given(st.integers(1, 99))
def test_a_native_korean_number_survives_its_words(value):
    assert native_value(say_native(value)) == value


@given(st.integers(100, 10**12))
def test_a_written_sum_in_a_korean_sentence_survives(value):
    spoken = normalize_korean(f"값은 {value:,}원이다.")
    assert sino_value(spoken.removeprefix("값은 ").removesuffix("원이다.")) == value


@given(st.integers(1, 3999))
def test_a_roman_numeral_survives(value):
    assert roman_value(roman(value)) == value


@given(sentences("english"))
def test_spoken_english_is_normalized_to_itself(text):
    spoken = normalize_english(text)
    if not re.search(r"\bA\b", spoken):  # the letter: a capital article of a written text becomes lower-case
        assert normalize_english(spoken) == spoken


@given(sentences("korean"))
def test_spoken_korean_is_normalized_to_itself(text):
    spoken = normalize_korean(text)
    assert normalize_korean(spoken) == spoken


@pytest.mark.parametrize("normalize", [normalize_english, normalize_korean])
@given(text=any_text | figures)
def test_any_text_is_spoken_in_letters_and_marks_or_refused(normalize, text):
    try:
        spoken = normalize(text)
    except TextError:
        return
    assert {mark for mark in spoken if not mark.isalpha()} <= set(" ',.?!-")
    assert spoken == " ".join(spoken.split())
