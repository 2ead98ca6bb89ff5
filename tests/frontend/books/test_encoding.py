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
        "吾輩は猫である。名前はまだ無い。".encode("shift_jis"),
        "Привет, мир".encode("cp1251"),
        "这是一本书，没有名字。".encode("gb2312"),
        bytes(range(128, 256)),
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
        decode(b"caf\xe9!", name="p", declared="utf-16")


@pytest.mark.parametrize(
    "text",
    [
        "“Naïve café,” said Zoë — “déjà vu.”",
        "“Quotes” and it’s nothing else.",
        "He paid £5 for ½ a pound.",
        "Où était-il passé ? Là-bas, à l’école, çà et là.",
    ],
)
@pytest.mark.parametrize("declared", ["", "iso-8859-1", "windows-1252"])
def test_western_text(text: str, declared: str) -> None:
    decoded = decode(text.encode("cp1252"), name="book.txt", declared=declared)
    assert (decoded.text, decoded.is_unicode) == (text, False)


def test_a_stray_byte_costs_one_character() -> None:
    decoded = decode("It was caf— “yes”.".encode().replace(b"f", b"f\xe9"), name="book.txt")
    assert (decoded.text, decoded.is_unicode) == ("It was café— “yes”.", False)
    assert decode(KOREAN.encode() + b"\xe9", name="book.txt").text == KOREAN + "é"
    long = KOREAN * 20
    assert decode(long.encode("cp949") + b"\xff\n", name="book.txt").text == long + "\n"


@pytest.mark.parametrize("declared", ["euc-kr", "EUC-KR", "ks_c_5601-1987"])
def test_syllables_that_only_cp949_has(declared: str) -> None:
    assert decode("펲시콜라와 똠방각하".encode("cp949"), name="p", declared=declared).text == "펲시콜라와 똠방각하"
