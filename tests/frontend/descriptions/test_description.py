"""Descriptions of voices: equal wordings ask for equal attributes."""

import pytest

from hierbatch.frontend.descriptions.description import LIMIT, parse_description

EXAMPLES = [
    (
        "a calm low male voice, slow, little emphasis",
        {"pitch": -1, "femininity": -1, "pace": -1, "liveliness": -0.9, "effort": -0.5},
    ),
    (
        "차분하고 낮은 남자 목소리, 느리고 억양이 적은",
        {"pitch": -1, "femininity": -1, "pace": -1, "liveliness": -0.9, "effort": -0.5},
    ),
    ("a woman who speaks very fast", {"femininity": 1, "pace": 1.6}),
    ("아주 빠르게 말하는 여자", {"femininity": 1, "pace": 1.6}),
    ("slightly bright", {"brightness": 0.5}),
    ("약간 밝은 목소리", {"brightness": 0.5}),
    ("not bright", {"brightness": -0.5}),
    ("밝지 않은 목소리", {"brightness": -0.5}),
    ("not very bright", {"brightness": -0.5}),
    ("no emphasis, breathy", {"liveliness": -1.5, "breathiness": 1.2}),
    ("억양이 없는", {"liveliness": -1.5}),
    ("with lots of intonation", {"liveliness": 1}),
    ("low pitch and high volume", {"pitch": -1, "effort": 1}),
    ("the pitch is low", {"pitch": -1}),
    ("조용한 방의 높은 목소리", {"pitch": 1}),
    ("High-Pitched", {"pitch": 1}),
]


@pytest.mark.parametrize(("text", "attributes"), EXAMPLES)
def test_words_ask_for_attributes(text, attributes):
    assert parse_description(text).attributes == pytest.approx(attributes)


def test_degrees_keep_their_order():
    values = [
        parse_description(f"{degree} deep").attributes["pitch"] for degree in ("extremely", "", "slightly", "not")
    ]
    assert values == sorted(values)
    assert values[0] == -LIMIT


def test_unknown_words_are_reported_and_change_nothing():
    described = parse_description("a grumpy low voice, 수상한 낮은 목소리")
    assert described.unknown == ("grumpy", "수상한")
    assert described.attributes == {"pitch": -1}
    assert parse_description("grumpy").attributes == {}
