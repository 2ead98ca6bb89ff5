"""Partners of a conversation get different voices, of their own register; minor characters get the narrator's."""

from __future__ import annotations

from hierbatch.frontend.dialogue.casting import VoiceRegister, cast_voices
from hierbatch.frontend.dialogue.character import Character

_VOICES = [
    VoiceRegister("narrator", 120.0),
    VoiceRegister("bass", 90.0),
    VoiceRegister("tenor", 140.0),
    VoiceRegister("alto", 185.0),
    VoiceRegister("soprano", 240.0),
]
_PEOPLE = [
    Character(name, (name,), gender, 50)
    for name, gender in (("Ann", "f"), ("Bob", "m"), ("Carl", "m"), ("Dora", "f"), ("Guest", "m"))
]


def test_partners_sound_different_and_keep_their_register() -> None:
    lines = {0: 40, 1: 30, 2: 20, 3: 10, 4: 1}
    together = {(0, 1): 10, (0, 3): 5, (1, 2): 8}
    cast = cast_voices(_PEOPLE, lines, together, _VOICES, "narrator")
    assert cast[4] == "narrator"
    assert {cast[1], cast[2]} == {"bass", "tenor"}
    assert {cast[0], cast[3]} == {"alto", "soprano"}


def test_one_voice_reads_everything() -> None:
    assert set(cast_voices(_PEOPLE, {0: 9, 1: 9}, {}, _VOICES[:1], "narrator").values()) == {"narrator"}


def test_few_voices_are_divided_by_register_before_partners() -> None:
    voices = [VoiceRegister("narrator", 190.0), VoiceRegister("low", 100.0), VoiceRegister("high", 210.0)]
    # Bob and Carl talk with each other, and so do Ann and Dora; Ann, who speaks most, also talks with Bob.
    cast = cast_voices(
        _PEOPLE, {0: 40, 1: 30, 2: 20, 3: 10, 4: 1}, {(0, 1): 10, (0, 3): 8, (1, 2): 8}, voices, "narrator"
    )
    assert cast[1] == cast[2] == "low"
    assert {cast[0], cast[3]} == {"narrator", "high"}


def test_later_choices_reach_the_earlier_ones() -> None:
    voices = [VoiceRegister("narrator", 150.0), VoiceRegister("bass", 90.0), VoiceRegister("tenor", 140.0)]
    cast = cast_voices(_PEOPLE, {1: 30, 2: 20, 4: 20}, {(1, 2): 9, (1, 4): 9}, voices, "narrator")
    assert cast[1] not in (cast[2], cast[4])


def test_a_woman_gets_the_higher_one_of_two_low_voices() -> None:
    voices = [VoiceRegister("narrator", 130.0), VoiceRegister("middle", 155.0), VoiceRegister("low", 104.0)]
    assert cast_voices(_PEOPLE, {0: 27, 1: 28}, {(0, 1): 20}, voices, "narrator") == {0: "middle", 1: "low"}
