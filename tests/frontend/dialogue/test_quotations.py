"""Narration and quotations cover every paragraph without gaps, whatever the marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.frontend.dialogue.quotations import split_quotations


def _quotes(*paragraphs: str) -> list[list[str]]:
    spans = split_quotations(paragraphs)
    return [
        [text[span.start : span.end] for span in parts if span.is_quote]
        for text, parts in zip(paragraphs, spans, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("“Yes,” said she, “of course.”", ["“Yes,”", "“of course.”"]),
        ('"Yes," said she.', ['"Yes,"']),
        ("‘It’s the boys’ room,’ said Alice.", ["‘It’s the boys’ room,’"]),
        ("「그래.」 하고 말했다.", ["「그래.」"]),
        ("« Oui », dit-il.", ["« Oui »"]),
        ("Nobody spoke.", []),
    ],
)
def test_quotation_marks_of_both_languages(text: str, quotes: list[str]) -> None:
    assert _quotes(text) == [quotes]


def test_a_quotation_continues_in_the_next_paragraph() -> None:
    assert _quotes("“It began so.", "“Then it went on.", "It ended.”", "He rose.") == [
        ["“It began so."],
        ["“Then it went on."],
        ["It ended.”"],
        [],
    ]


def test_dashes_and_scripts() -> None:
    assert _quotes("— Where to?", "— Home.", "— Good.", "They left.")[:2] == [["Where to?"], ["Home."]]
    script = split_quotations(["민수: 어디 가?", "지영: 집에.", "민수: 그래."])
    assert [part.speaker for parts in script for part in parts if part.is_quote] == ["민수", "지영", "민수"]


@given(st.lists(st.text(alphabet="“”‘’'\"「」—: aB.가\n", max_size=40), max_size=6))
def test_spans_cover_any_text(paragraphs: list[str]) -> None:
    for text, parts in zip(paragraphs, split_quotations(paragraphs), strict=True):
        assert "".join(text[part.start : part.end] for part in parts) == text
