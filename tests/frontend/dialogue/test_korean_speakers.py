"""Speakers of Korean quotations: subjects before and behind them, and turn-taking."""

from __future__ import annotations

from hierbatch.frontend.dialogue.book_dialogue import attribute_korean
from hierbatch.frontend.dialogue.korean_levels import speech_level

_INTRODUCTION = [
    "김첨지는 인력거를 끌었다. 김첨지는 기뻤다. 김첨지가 웃었다.",
    "치삼이는 술을 마셨다. 치삼이가 그를 보았다. 치삼이는 손을 들었다.",
]


def _speakers(*paragraphs: str) -> list[str]:
    dialogue = attribute_korean([[*_INTRODUCTION, *paragraphs]])
    spans = [span for parts in dialogue.chapters[0] for span in parts if span.is_quote]
    return [dialogue.characters[span.character].name for span in spans if span.character is not None]


def test_the_subject_behind_a_quotation_speaks() -> None:
    assert _speakers("“얼마요?” 하고 김첨지는 물었다.", "“오십 전일세.” 라고 치삼이가 대답했다.") == [
        "김첨지",
        "치삼이",
    ]


def test_the_subject_before_a_quotation_speaks() -> None:
    assert _speakers("그때에 치삼이는 웃으며,", "“한잔하세.”", "하고 손을 잡았다.") == ["치삼이"]


def test_two_speakers_take_turns() -> None:
    turns = _speakers("“어디 가나?” 하고 치삼이는 물었다.", "“집에 가네.” 하고 김첨지는 말했다.", "“벌써?”", "“그래.”")
    assert turns == ["치삼이", "김첨지", "치삼이", "김첨지"]


def test_a_paragraph_of_its_own_behind_a_quotation_names_the_speaker() -> None:
    turns = _speakers(
        "“벌써 갔소?”", "치삼이는 나직이 대답하였다.", "“누가 왔나?”", "그 서슬에 놀란 김첨지는 부르짖었다."
    )
    assert turns == ["치삼이", "김첨지"]


def test_names_that_no_dictionary_has_are_found_by_their_particles() -> None:
    told = ["인가는 밭을 보았다. 문 서방은 인가에게 갔다. 인가를 보자 인가의 손이 떨렸다."]
    said = ["“왔소?”", "인가는 담뱃대를 물었다.", "“오늘은 받겠소.”", "인가는 땅에 앉았다.", "“안 되오.”"]
    dialogue = attribute_korean([[*told, *said]])
    assert "인가" in [character.name for character in dialogue.characters]


def test_ordinals_and_initials_distinguish_persons() -> None:
    told = "첫째 처녀가 일어났다. 둘째 처녀가 깨었다. 첫째 처녀는 잤다. 둘째 처녀도 웃었다. B여사가 왔다. B여사는 컸다."
    names = {character.name for character in attribute_korean([[told, "“가자.”"]]).characters}
    assert {"첫째 처녀", "둘째 처녀", "B여사"} <= names


def test_the_subject_of_a_clause_that_ends_before_the_speech_does_not_speak() -> None:
    turns = _speakers("그 말에 치삼이가 껄껄 웃으니까,", "“무엇이 우스운가?”", "하고 성을 내었다.")
    assert turns == ["김첨지"]


def test_the_topic_speaks_and_not_the_subject_of_another_clause() -> None:
    turns = _speakers("“늦었네.”", "치삼이가 늦게 돌아오면 김첨지는 걱정하며 말했다. 치삼이는 웃으며,", "“미안하네.”")
    assert turns == ["김첨지", "치삼이"]


def test_a_narrator_does_not_speak_where_somebody_acts_on_the_narrator() -> None:
    told = ["나는 울타리를 엮었다. 점순이가 왔다. 나는 점순이를 보았다. 점순이는 웃었다. 나는 일을 했다."]
    said = ["“너 혼자 일하니?”", "하고 나의 턱밑으로 얼굴을 내미는 것이다."]
    dialogue = attribute_korean([[*told, *said]])
    [quotation] = [span for parts in dialogue.chapters[0] for span in parts if span.is_quote]
    assert quotation.character is not None
    assert dialogue.characters[quotation.character].name == "점순이"


def test_levels_of_politeness_follow_the_last_ending() -> None:
    levels = [speech_level(text) for text in ("“어디 가십니까?”", "“알 수 있나요.”", "“한잔하세.”", "“뭐니?”", "“…”")]
    assert levels == ["polite", "polite", "middle", "plain", ""]
