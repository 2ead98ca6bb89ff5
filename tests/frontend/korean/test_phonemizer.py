from __future__ import annotations

from importlib.util import find_spec

import pytest

from hierbatch.errors import BundleError
from hierbatch.frontend.korean.phonemizer import KoreanPhonemizer, syllables_to_phones
from hierbatch.frontend.language import get_language, load_phonemizer


@pytest.fixture(scope="module")
def phonemizer() -> KoreanPhonemizer:
    return KoreanPhonemizer()


def test_sounds_change_across_words(phonemizer: KoreanPhonemizer) -> None:
    assert phonemizer(["옷", "한", "벌"])[1] == syllables_to_phones("탄")


def test_numbers_link_as_they_are_spoken(phonemizer: KoreanPhonemizer) -> None:
    assert phonemizer(["이십육"]) == [syllables_to_phones("이심뉵")]


@pytest.mark.parametrize(
    ("word", "hangul"),
    [
        ("coffee", "커피"),
        ("style을", "스타일을"),
        ("Watson", "왓선"),
        ("class", "클래스"),
        ("quick", "퀵"),
        ("church", "처치"),
    ],
)
def test_latin_words_are_spoken_as_loanwords(phonemizer: KoreanPhonemizer, word: str, hangul: str) -> None:
    assert phonemizer([word]) == phonemizer([hangul])


def test_a_word_with_nothing_to_say_is_empty_and_moves_no_other(phonemizer: KoreanPhonemizer) -> None:
    assert phonemizer(["물", "♪", "차"]) == [syllables_to_phones("물"), (), syllables_to_phones("차")]


def test_older_phonemes_are_there_for_the_bundles_that_were_trained_on_them() -> None:
    if find_spec("g2pk") is None:
        pytest.skip("g2pk cannot be installed on this Python")
    older = load_phonemizer(get_language("ko"), "1")
    current = load_phonemizer(get_language("ko"))
    assert older(["결정"]) == [syllables_to_phones("결정")]
    assert current(["결정"]) == [syllables_to_phones("결쩡")]


def test_an_unknown_version_is_named_with_its_remedy() -> None:
    with pytest.raises(BundleError, match=r"1 or 2.*'3'.*update hierbatch"):
        load_phonemizer(get_language("ko"), "3")


def test_liquids_of_two_words_are_one_long_liquid() -> None:
    assert KoreanPhonemizer()(["할", "일이"]) == [("h", "a", "l"), ("l", "i", "ɾ", "i")]
    assert KoreanPhonemizer()(["라디오"])[0][0] == "ɾ"
