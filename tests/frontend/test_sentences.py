"""Paragraphs to sentences; `|` stands between them in the tables."""

from __future__ import annotations

import random

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.language import get_language
from hierbatch.frontend.sentences import CLAUSE_PAUSE_S, Sentence, split_sentences


def joined(text: str, language: str) -> str:
    return " | ".join(sentence.text for sentence in split_sentences(text, language))


@pytest.mark.parametrize(
    "marked",
    [
        "The river rose. | It took the bridge! | Did it stop there?",
        "Mr. and Mrs. Hill met Dr. Brown of St. Ives at 3.30 p.m. on Monday.",
        "He lived at No. 4, Baker St. | The house was small.",
        "Is it yours? | No. 5 is mine, No. 6 is his.",
        "He told her of it. | No. It was not so, she said.",
        "J. R. R. Tolkien and C. S. Lewis walked there.",
        "It was the U.S. Navy that came. | It came at 5 a.m. | The bridge was gone by then.",
        "Acme Inc. Chairman Hill spoke. | He left with Hill, Brown, etc. | They were late.",
        "See vol. 3, pp. 4–5, e.g. The Times, i.e. Monday’s.",
        "It was 3.50 exactly, not 1,000.75 as he had said.",
        "1. Take two eggs and beat them.",
        "He was born on Jan. 5 in the north. | In Oct. he went south.",
        # ellipses
        "He waited… and waited… | Then he went home again.",
        "He waited . . . and then he went home again.",
        "“I thought...” he began, and stopped there.",
        # speech
        "“Go away!” said the miller. | “I will not go,” said he.",
        "“What is it?” Holmes asked. | “What is it?” the miller asked.",
        "“I have seen it. | I know where it is.” | Then he stood up and left.",
        "He said, “Wait for me.” | She did not wait.",
        "‘It is over,’ he said. | ‘Why?’ she asked (she had not been there).",
        '"It is over." | "It is not over." | "It never was!" he cried.',
        "“But I thought—” | Hill stopped in the middle.",
        "She called (he had not answered.) and went. | (Nobody came after her.) | It rained all day.",
        # a word or two joins its neighbour
        "“Yes. I have seen it.” | “Well! Now you know of it.”",
        "He saw it there. It was.",
        # lower case goes on
        "Oh! how it rained. | Ah! well, he said.",
        # signs that say nothing join what they stand by
        "He stopped at once. … ! | Then he went on.",
    ],
)
def test_english(marked: str) -> None:
    text = marked.replace(" | ", " ")
    assert joined(text, "en") == marked
    assert {sentence.language for sentence in split_sentences(text, "en")} == {"en"}


@pytest.mark.parametrize(
    "marked",
    [
        "강물이 밤새 불었다. | 다리를 데려갔다! | 거기서 멈추었을까?",
        "값은 3.5원이었다. | 1925. 2. 3. 자 신문에 났다.",
        "“거기 누구냐!” 하고 물었다. | “나요.” 라고 대답하였다.",
        "“거기 누구냐!”라고 물었다. | 그는 말이 없었다.",
        "에그! 하고 소리를 질렀다. | 그는 놀랐다.",
        "“네가 왔구나. | 어서 들어오너라.” | 그는 문을 열었다.",
        "김 씨는 Mr. Brown과 만났다. | 둘은 오래 걸었다.",
        "그는 기다렸다… | 그러나 아무도 오지 않았다.",
        "그는 기다렸다 . | 비가 오고 있었다 .",
        "제1조 ① 모든 국민은 평등하다. | 누구든지 차별받지 아니한다.",
        "1. 국정의 기본계획을 세운다.",
        "「이것은 무엇인가?」 | 그가 다시 물었다.",
        # a word joins its neighbour
        "응. 나도 그렇게 생각하였다. | 그는 그렇게 말하고 나갔다. 끝.",
    ],
)
def test_korean(marked: str) -> None:
    text = marked.replace(" | ", " ")
    assert joined(text, "ko") == marked
    assert {sentence.language for sentence in split_sentences(text, "ko")} == {"ko"}


def test_a_stop_typed_without_its_space_still_ends_a_korean_sentence() -> None:
    assert joined("강물이 불었다.다리가 떠났다.", "ko") == "강물이 불었다. | 다리가 떠났다."
    assert joined("그는 갔다.라고 썼다.", "ko") == "그는 갔다.라고 썼다."


def test_both_languages_in_one_paragraph() -> None:
    text = "그는 창을 열었다. The river is rising, she said. 그는 Python 책을 덮었다. They call it 김치."
    assert [(sentence.language, sentence.text) for sentence in split_sentences(text, "ko")] == [
        ("ko", "그는 창을 열었다."),
        ("en", "The river is rising, she said."),
        ("ko", "그는 Python 책을 덮었다."),
        ("en", "They call it 김치."),
    ]
    assert split_sentences("1984.", "ko")[0].language == "ko"
    # a short sentence never joins one of the other language
    assert joined("네. Yes, I have seen it.", "ko") == "네. | Yes, I have seen it."


def test_pause_marks() -> None:
    assert split_sentences("One came in. Two came in. [pause:1.5] Three", "en") == [
        Sentence("One came in.", "en"),
        Sentence("Two came in.", "en", 1.5),
        Sentence("Three", "en"),
    ]
    assert split_sentences("He said [pause:1] nothing.", "en") == [
        Sentence("He said", "en", 1.0),
        Sentence("nothing.", "en"),
    ]
    assert split_sentences("[pause:1] Go on.", "en") == [Sentence("Go on.", "en")]
    assert split_sentences("[pause:1]", "en") == []
    with pytest.raises(TextError, match="pause mark"):
        split_sentences("One. [pause:x]", "en")


def test_long_sentences_have_only_a_breath_inside() -> None:
    long = "The river rose, and the bridge went, and the mill went after it, " * 5 + "and then it stopped."
    parts = split_sentences(long + " [pause:2]", "en")
    assert len(parts) > 1
    assert [part.pause_after_s for part in parts] == [*[CLAUSE_PAUSE_S] * (len(parts) - 1), 2.0]
    assert all(len(part.text) <= get_language("en").max_characters for part in parts)
    assert max(len(part.text) for part in split_sentences(long, "en", max_characters=60)) <= 60


def test_nothing_is_lost() -> None:
    chance = random.Random(11)
    spoken = (
        "The river rose. Mr. Hill, “who? No!” (he) J. R. etc. 3.50 No. 4 said — – … ... ; well: I’d “Yes.” '–' a.m. "
        "강물이 불었다. “누구냐?” 하고 그는 말하였다. 응. 「왜?」 Python을 3. 1925. 〈끝〉 데려가고, ① 가서 !? ?! 。"
    )
    words = spoken.split()
    for _ in range(600):
        text = "  ".join(chance.choices(words, k=chance.randint(1, 80)))
        sentences = split_sentences(text, chance.choice(["en", "ko"]))
        assert " ".join(sentence.text for sentence in sentences) == " ".join(text.split())
        assert all(len(sentence.text) <= get_language(sentence.language).max_characters for sentence in sentences)


def test_white_space_does_not_matter() -> None:
    text = "The river rose. “Go away!” said he. 강물이 불었다. 그는 갔다."
    assert split_sentences(text.replace(" ", " \n\t "), "en") == split_sentences(text, "en")
    assert split_sentences(" \n ", "en") == []
