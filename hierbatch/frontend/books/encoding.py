"""Decoding of text files: a legacy encoding is guessed only if the result looks like Korean or Western text."""

from __future__ import annotations

import codecs
import re
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
_MAX_DAMAGED_KOREAN_SHARE = 0.005
# Browsers read these labels as their supersets too (Encoding Standard, section 4.2).
_SUPERSETS = {"euc_kr": "cp949", "ascii": "cp1252", "iso8859-1": "cp1252"}
_WESTERN = re.compile("[\u00c0-\u00ff“”‘’‚„†‡•…–—ŠŽšžŒœŸ\u00a0¡¢£§©«®°±²³´¶·¹»¼½¾¿€™]")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
_SAMPLE_BYTES = 10_000
_FIRST_OF_THREE_BYTES = 0x800
_MAX_WESTERN_SHARE, _MAX_WESTERN_RUN = 0.4, 3


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a file, and the encoding that it was decoded with."""

    text: str
    encoding: str

    @property
    def is_unicode(self) -> bool:
        """True for a Unicode encoding, False for a legacy encoding."""
        return self.encoding.startswith("utf")


def decode(data: bytes, *, name: str, declared: str = "") -> Decoded:
    """Decode a file by its byte order mark, else the declared encoding, else as UTF-8.

    Text that is not UTF-8 is decoded as CP949 or Windows-1252 if the result looks like Korean or Western text. A few
    damaged bytes of CP949 are left out, and Windows-1252 may be mixed with characters in UTF-8.

    Args:
        data: content of the file.
        name: name of the file, used in messages.
        declared: encoding declared in the file.

    Raises:
        BookError: the file is in none of these encodings.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Decoded(_decode_strictly(data[len(mark) :], encoding, name), encoding)
    if declared and _is_known(declared) and (encoding := codecs.lookup(declared).name) != "utf-8":
        encoding = _SUPERSETS.get(encoding, encoding)
        return Decoded(_decode_strictly(data, encoding, name), encoding)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        text = None if declared else _decode_korean(data)
        if text is not None:
            return Decoded(text, "cp949")
        text = _decode_western(data, error.start)
        if text is not None:
            return Decoded(text, "windows-1252")
        raise _refusal(
            name, f"byte 0x{data[error.start]:02X} at position {error.start}, which fits none of them"
        ) from error


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
    Real Korean text consists almost entirely of the 2,350 syllables in KS X 1001, which EUC-KR encodes in two bytes.
    """
    text = data.decode("cp949", errors="replace")
    n_damaged = text.count("\ufffd")
    text = text.replace("\ufffd", "")
    if n_damaged > _MAX_DAMAGED_KOREAN_SHARE * len(text):
        return None
    foreign = [character for character in text if ord(character) > 127]
    hangul = [character for character in foreign if "가" <= character <= "힣"]
    common = [character for character in hangul if _is_ks_x_1001(character)]
    if 2 * len(hangul) < len(foreign) or len(common) < _COMMON_KOREAN_SHARE * len(hangul):
        return None
    return text


def _decode_western(data: bytes, fault: int) -> str | None:
    """Decode UTF-8 with stray bytes of Windows-1252, or pure Windows-1252; None if it does not look like text.

    In Western text, letters with accents and typographic quotes are rare among plain letters; text in other scripts
    consists of longer runs of bytes above 127.

    Args:
        data: content of the file.
        fault: index of the first byte that is not UTF-8.
    """
    sample = data[max(fault - _SAMPLE_BYTES, 0) : fault + _SAMPLE_BYTES]
    whole = sample.decode("utf-8", errors="ignore")
    n_invalid = len(sample) - len(whole.encode())
    if 2 * n_invalid <= sum(ord(character) >= _FIRST_OF_THREE_BYTES for character in whole):
        codecs.register_error("hierbatch-western", _read_stray)
        return data.decode("utf-8", errors="hierbatch-western")
    runs = _HIGH_BYTES.findall(sample)
    lengths = [len(run) for run in runs]
    are_rare = sum(lengths) <= _MAX_WESTERN_SHARE * len(sample)
    # The characters of East Asian encodings have two bytes each.
    are_single = 2 * sum(length == 1 for length in lengths) > len(lengths)
    if not (are_rare and are_single) or max(lengths) > _MAX_WESTERN_RUN:
        return None
    text = data.decode("cp1252", errors="replace")
    return text if all(character < "\x80" or _WESTERN.match(character) for character in set(text)) else None


def _read_stray(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.start + 1].decode("cp1252", errors="ignore"), error.start + 1


def _is_ks_x_1001(character: str) -> bool:
    # All other syllables are encoded jamo by jamo, in eight bytes.
    return len(character.encode("euc_kr")) == 2


def _refusal(name: str, got: str) -> BookError:
    return BookError(
        f"The text of {name} cannot be decoded",
        expected="UTF-8, UTF-16 with a byte order mark, Korean CP949/EUC-KR, or Windows-1252",
        got=got,
        fix="save the file as UTF-8 in a text editor and import it again",
    )
