"""Speakers of Korean quotations: subjects before and behind them, and turn-taking."""

from __future__ import annotations

from hierbatch.frontend.dialogue.book_dialogue import attribute_korean

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
