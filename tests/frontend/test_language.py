"""The language of a sentence."""

from __future__ import annotations

import pytest

from hierbatch.frontend.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The river rose.", "en"),
        ("강물이 불었다.", "ko"),
        ("나는 Python을 쓴다.", "ko"),
        ("C여학교에서 사감 노릇을 하는 B여사", "ko"),
        ("iPhone 15 Pro Max를 샀다.", "ko"),
        ("“I have a dream.”이라고 그가 말했다.", "ko"),
        ("They call it 김치 there.", "en"),
        ("I love 김치.", "en"),
        ("Déjà vu!", "en"),
        ("ㅋㅋㅋ", "ko"),
        ("2000 BTS", "en"),
    ],
)
def test_language_of(text: str, language: str) -> None:
    assert detect_language(text, "?") == language


@pytest.mark.parametrize("text", ["1984.", "…", "", "3 + 4 = 7", "東京"])
def test_what_has_letters_of_neither_takes_the_default(text: str) -> None:
    assert detect_language(text, "ko") == "ko"
    assert detect_language(text, "en") == "en"
