from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.frontend.characters import clean_characters, drop_foreign_letters, drop_placeholders


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("“ﬁne” ‘it’s’", "\"fine\" 'it's'"),
        ("ＡＢＣ　１２３", "ABC 123"),
        ("soft\u00adhyphen\u200b and\u2060 more\ufeff", "softhyphen and more"),
        ("one—two -- three ― four", "one—two — three — four"),
        ("wait . . . no...yes…", "wait … no… yes…"),
        ("_very_ *sure* **indeed** snake_case 2*3", "very sure indeed snake_case 2*3"),
        ("㎢ ℃ Ⅳ ①", "km2 °C IV 1,"),
        ("「날개」 『개벽』", '"날개" "개벽"'),
        ("tab\tand\nline\r\nend\x07", "tab and line end"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_one_form_for_each_character(raw: str, clean: str) -> None:
    assert clean_characters(raw) == clean
    assert clean_characters(clean) == clean


@given(st.text("aZ09,.?!;:'\"()$%&/+=@#- ", max_size=30))
def test_plain_text_is_cleaned_like_other_text(text: str) -> None:
    assert clean_characters(f"x {text} x") == clean_characters(f"x {text} x é").removesuffix(" é")


def test_private_use_characters_are_dropped() -> None:
    assert drop_placeholders("a\ue000b\uf8ffc") == "abc"


@pytest.mark.parametrize("text", ["café naïve Brontë", "한글 ㄱㄴ", "the angle α", "x²", "ª º"])
def test_letters_of_both_languages_stay(text: str) -> None:
    assert drop_foreign_letters(text, hanja=False) == text


def test_hanja_belong_to_korean_alone() -> None:
    assert drop_foreign_letters("人間의 길", hanja=True) == "人間의 길"
    assert drop_foreign_letters("the 人間 said", hanja=False) == "the  said"
