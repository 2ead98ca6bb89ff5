"""Pauses the author asks for."""

from __future__ import annotations

import pytest

from hierbatch.errors import TextError
from hierbatch.frontend.pause_marks import split_at_pauses, strip_pause_marks


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("No mark.", [("No mark.", None)]),
        ("", []),
        ("One. [pause:1.2] Two.", [("One.", 1.2), ("Two.", None)]),
        ("One[pause:0]two", [("One", 0.0), ("two", None)]),
        ("[pause:2] One.", [("", 2.0), ("One.", None)]),
        ("One. [pause:.5][Pause: 1 s]", [("One.", 1.5)]),
        ("[pause:3]", [("", 3.0)]),
        ("[PAUSE : 60s]", [("", 60.0)]),
        ("[paused] and [a pause] stay", [("[paused] and [a pause] stay", None)]),
    ],
)
def test_split_at_pauses(text: str, pieces: list[tuple[str, float | None]]) -> None:
    assert split_at_pauses(text) == pieces


@pytest.mark.parametrize("mark", ["[pause]", "[pause:]", "[pause:long]", "[pause:-1]", "[pause:61]", "[pause:1,5]"])
def test_marks_that_cannot_be_understood(mark: str) -> None:
    with pytest.raises(TextError, match="pause mark") as caught:
        split_at_pauses(f"One. {mark} Two.")
    assert caught.value.got == mark


def test_without_pauses() -> None:
    assert strip_pause_marks("One [pause:1] two[pause:x].") == "One two ."
