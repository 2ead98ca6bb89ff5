"""Strict decoding of text files: a wrongly guessed encoding would be read aloud as gibberish."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from hierbatch.errors import BookError

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is a prefix of this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_COMMON_KOREAN_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a file and its encoding."""

    text: str
    encoding: str

    @property
    def is_unicode(self) -> bool:
        """False for a legacy encoding, declared or guessed, of which the user should be notified."""
        return self.encoding.startswith("utf")


def decode(data: bytes, *, name: str, declared: str = "") -> Decoded:
    """Decode a file by its byte order mark, else the declared encoding, else as UTF-8, else as Korean CP949.

    Args:
        data: content of the file
        name: name of the file in messages
        declared: encoding declared in the file

    Raises:
        BookError: the file is in none of these encodings.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Decoded(_decode_strictly(data[len(mark) :], encoding, name), encoding)
    if declared and _is_known(declared):
        return Decoded(_decode_strictly(data, declared, name), codecs.lookup(declared).name)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        text = _decode_korean(data)
        if text is None:
            raise _refusal(
                name, f"byte 0x{data[error.start]:02X} at position {error.start}, which fits none of them"
            ) from error
        return Decoded(text, "cp949")


def _decode_strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refusal(name, f"bytes that are not {encoding}, at position {error.start}") from error


def _is_known(encoding: str) -> bool:
    try:
        "".encode(encoding)  # rejects unknown names and codecs that are not character encodings
    except LookupError:
        return False
    return True


def _decode_korean(data: bytes) -> str | None:
    """Decode CP949 text; None if it does not look like Korean.

    CP949 maps nearly every pair of bytes to a syllable, so Western quotes in Windows-1252 would pass as rare Hangul.
    Real Korean consists almost entirely of the 2,350 syllables that have two bytes in KS X 1001.
    """
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        return None
    foreign = [character for character in text if ord(character) > 127]
    hangul = [character for character in foreign if "가" <= character <= "힣"]
    common = [character for character in hangul if _is_ks_x_1001(character)]
    if 2 * len(hangul) < len(foreign) or len(common) < _COMMON_KOREAN_SHARE * len(hangul):
        return None
    return text


def _is_ks_x_1001(character: str) -> bool:
    # All other syllables are encoded jamo by jamo, in eight bytes.
    return len(character.encode("euc_kr")) == 2


def _refusal(name: str, got: str) -> BookError:
    return BookError(
        f"The text of {name} cannot be decoded",
        expected="UTF-8, UTF-16 with a byte order mark, or Korean CP949/EUC-KR",
        got=got,
        fix="save the file as UTF-8 in a text editor and import it again",
    )
