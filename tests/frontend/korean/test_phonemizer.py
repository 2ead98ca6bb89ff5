from __future__ import annotations

import pytest

from hierbatch.frontend.korean.phonemizer import KoreanPhonemizer, syllables_to_phones

# Written and pronounced as in the Standard Pronunciation (표준 발음법), by the article that asks for it.
STANDARD = [
    ("부엌", "부억"),  # 9
    ("넋", "넉"),  # 10
    ("닭", "닥"),  # 11
    ("좋다", "조타"),  # 12
    ("많고", "만코"),
    ("싫어도", "시러도"),
    ("옷이", "오시"),  # 13
    ("닭을", "달글"),  # 14
    ("맏이", "마지"),  # 17
    ("같이", "가치"),
    ("국물", "궁물"),  # 18
    ("밥물", "밤물"),
    ("담력", "담녁"),  # 19
    ("독립", "동닙"),
    ("난로", "날로"),  # 20
    ("칼날", "칼랄"),
    ("국밥", "국빱"),  # 23
    ("앉고", "안꼬"),  # 24
    ("갈등", "갈뜽"),  # 26
    ("문고리", "문꼬리"),  # 28
    ("손등", "손뜽"),
    ("물동이", "물똥이"),
    ("솜이불", "솜니불"),  # 29
    ("꽃잎", "꼰닙"),
    ("막일", "망닐"),
    ("등용문", "등용문"),
    ("깻잎", "깬닙"),  # 30
]


@pytest.fixture(scope="module")
def phonemizer() -> KoreanPhonemizer:
    return KoreanPhonemizer()


@pytest.mark.parametrize(("written", "pronounced"), STANDARD)
def test_words_sound_as_the_standard_says(phonemizer: KoreanPhonemizer, written: str, pronounced: str) -> None:
    assert phonemizer([written]) == [syllables_to_phones(pronounced)]


def test_sounds_change_across_words(phonemizer: KoreanPhonemizer) -> None:
    assert phonemizer(["옷", "한", "벌"])[1] == syllables_to_phones("탄")


def test_numbers_link_as_they_are_said(phonemizer: KoreanPhonemizer) -> None:
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
def test_latin_words_are_said_as_loanwords(phonemizer: KoreanPhonemizer, word: str, hangul: str) -> None:
    assert phonemizer([word]) == phonemizer([hangul])


def test_a_word_with_nothing_to_say_is_empty_and_moves_no_other(phonemizer: KoreanPhonemizer) -> None:
    assert phonemizer(["물", "♪", "차"]) == [syllables_to_phones("물"), (), syllables_to_phones("차")]
