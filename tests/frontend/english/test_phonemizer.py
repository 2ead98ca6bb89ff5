from __future__ import annotations

import pytest

from hierbatch.frontend.english.phonemizer import EnglishPhonemizer
from tests.frontend.cases import read_cases

CASES = read_cases("english/heteronym_cases.tsv")


@pytest.fixture(scope="module")
def phonemizer() -> EnglishPhonemizer:
    return EnglishPhonemizer()


@pytest.mark.parametrize(("sentence", "phones"), CASES, ids=[case[0] for case in CASES])
def test_heteronyms_follow_their_context(phonemizer: EnglishPhonemizer, sentence: str, phones: str) -> None:
    clause = next(clause for clause in sentence.replace("?", ",").rstrip(".,").split(",") if "*" in clause)
    words = clause.split()
    index = next(number for number, word in enumerate(words) if "*" in word)
    spoken = phonemizer([word.strip("*") for word in words])
    assert " ".join(spoken[index]) == phones


def test_every_word_has_its_own_phones_where_espeak_runs_them_together(phonemizer: EnglishPhonemizer) -> None:
    spoken = phonemizer(["he", "had", "to", "go", "in", "the", "end", "of", "the", "day"])
    assert [" ".join(word) for word in spoken] == [
        "h i", "h æ d", "t ə", "ɡ ˌoʊ", "ɪ n", "ð ɪ", "ˈɛ n d", "ʌ v", "ð ə", "d ˈeɪ",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "index", "phones"),
    [("Plan A is ready", 1, "ˈeɪ"), ("the F B I came", 3, "ˈaɪ"), ("a man came", 0, "ə"), ("what I saw", 1, "aɪ")],
)
def test_letters_are_distinguished_from_words(
    phonemizer: EnglishPhonemizer, words: str, index: int, phones: str
) -> None:
    assert " ".join(phonemizer(words.split())[index]) == phones
