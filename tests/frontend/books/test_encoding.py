"""Bytes to characters."""

from __future__ import annotations

import pytest

from hierbatch.errors import BookError
from hierbatch.frontend.books.encoding import decode

KOREAN = "새침하게 흐린 품이 눈이 올 듯하더니, 눈은 아니 오고 “비가” 내리었다."


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-32", "utf-32-le"),
        ("cp949", "cp949"),
        ("euc-kr", "cp949"),
    ],
)
def test_korean_text_in_every_encoding_it_comes_in(encoding: str, found: str) -> None:
    decoded = decode(KOREAN.encode(encoding), name="book.txt")
    assert (decoded.text, decoded.encoding) == (KOREAN, found)
    assert decoded.is_unicode == (found != "cp949")


def test_big_endian_utf_16() -> None:
    assert decode(b"\xfe\xff" + KOREAN.encode("utf-16-be"), name="book.txt").text == KOREAN


@pytest.mark.parametrize(
    "data",
    [
        "“Naïve café,” said Zoë — “déjà vu.”".encode("cp1252"),
        "“Quotes” and it’s nothing else.".encode("cp1252"),
        "吾輩は猫である。名前はまだ無い。".encode("shift_jis"),
        "Привет, мир".encode("cp1251"),
        bytes(range(128, 256)),
        KOREAN.encode() + b"\xff",
    ],
)
def test_what_is_neither_is_refused(data: bytes) -> None:
    with pytest.raises(BookError, match="cannot be decoded") as caught:
        decode(data, name="book.txt")
    assert "UTF-8" in caught.value.fix


def test_a_declared_encoding_is_strict_and_nonsense_is_ignored() -> None:
    assert decode(b"caf\xe9", name="p", declared="iso-8859-1").text == "café"
    assert decode("café".encode(), name="p", declared="no-such-codec").text == "café"
    assert decode("café".encode(), name="p", declared="rot13").text == "café"
    with pytest.raises(BookError):
        decode(b"caf\xe9", name="p", declared="ascii")
