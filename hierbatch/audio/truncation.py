"""Truncated audio and video files, and joined ones, found from the structure that a container declares.

A file is truncated if a chunk, box, page or frame continues past the end of the file. Lengths of zero, and the largest
values, are placeholders from programs that wrote the header before the length was known.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from hierbatch.audio.containers import ASF_START, FORM_IDS, HEAD_BYTES
from hierbatch.audio.id3 import id3_bytes
from hierbatch.audio.mp3_frames import read_mp3_frames

_UNKNOWN_LENGTH_BYTES = 0x7FFF0000
_EBML_SEGMENT_ID = b"\x18\x53\x80\x67"
_OGG_TAIL_BYTES = 1 << 17
_MAX_TRAILER_BYTES = 4096
_SEARCH_BYTES = 1 << 20
_FLAC_START = b"fLaC\0\0\0\x22"
_OGG_FIRST_PAGE = 2


def is_truncated(file: BinaryIO, container: str) -> bool:
    """True if a file ends before its declared end or has a second file joined to it, as far as its structure shows.

    Args:
        file: the file, which must be seekable.
        container: name from `detect_container`.
    """
    n_bytes = file.seek(0, 2)
    check = _CHECKS.get(container)
    try:
        return check is not None and check(file, n_bytes)
    except struct.error:  # a header that ends in the middle
        return True


def _read(file: BinaryIO, form: str, at: int) -> tuple[Any, ...]:
    file.seek(at)
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _is_riff_truncated(file: BinaryIO, n_bytes: int) -> bool:
    return _ends_inside_chunk(file, n_bytes, "<")


def _is_form_truncated(file: BinaryIO, n_bytes: int) -> bool:
    return _ends_inside_chunk(file, n_bytes, ">")


def _ends_inside_chunk(file: BinaryIO, n_bytes: int, order: str) -> bool:
    is_64_bit = _read(file, "4s", 0)[0] in (b"RF64", b"BW64")
    at, data_bytes = 12, 0
    while at + 8 <= n_bytes:
        kind, size = _read(file, f"{order}4sI", at)
        if kind == b"ds64" and is_64_bit:
            (data_bytes,) = _read(file, "<Q", at + 16)
        elif kind in (b"data", b"SSND", b"LIST") and not 0 < size < _UNKNOWN_LENGTH_BYTES:
            size = data_bytes
            if kind != b"data" or not size:
                return False
        if kind in (b"data", b"SSND"):
            return at + 8 + size > n_bytes or _is_sound_left(file, n_bytes, at + 8 + size + size % 2, order)
        at += 8 + size + size % 2
    return at > n_bytes + 1


def _is_sound_left(file: BinaryIO, n_bytes: int, at: int, order: str) -> bool:
    """True if over 4096 bytes after the sound are not chunks: its declared length is wrong, or files were joined."""
    while at + 8 <= n_bytes:
        kind, size = _read(file, f"{order}4sI", at)
        if kind in FORM_IDS or not re.fullmatch(rb"[ -~]{4}", kind) or at + 8 + size > n_bytes:
            return n_bytes - at > _MAX_TRAILER_BYTES
        at += 8 + size + size % 2
    return False


def _is_mov_truncated(file: BinaryIO, n_bytes: int) -> bool:
    at = 0
    while at + 8 <= n_bytes:
        size, kind = _read(file, ">I4s", at)
        if kind == b"ftyp" and at:
            return True  # a second file joined to the first
        if not re.fullmatch(rb"[ -~\xa9]{4}", kind):
            return False  # bytes after the last box
        if size == 1:
            (size,) = _read(file, ">Q", at + 8)
        if size < 8:  # 0: up to the end of the file
            return False
        at += size
    return at > n_bytes


def _is_flac_joined(file: BinaryIO, n_bytes: int) -> bool:
    """True if another FLAC file follows the first; truncation is detected elsewhere, from the number of samples."""
    file.seek(0)
    file.seek(id3_bytes(file.read(HEAD_BYTES)) + len(_FLAC_START))
    rest = b""
    while block := file.read(_SEARCH_BYTES):
        if _FLAC_START in rest + block:
            return True
        rest = block[-len(_FLAC_START) :]
    return False


def _is_au_truncated(file: BinaryIO, n_bytes: int) -> bool:
    offset, size = _read(file, ">II", 4)
    result: bool = size < _UNKNOWN_LENGTH_BYTES and abs(offset + size - n_bytes) > _MAX_TRAILER_BYTES
    return result


def has_joined_streams(file: BinaryIO) -> bool:
    """True if an Ogg file holds several recordings one after the other; libsndfile would read only the first."""
    n_bytes, at, is_inside = file.seek(0, 2), 0, False
    while at + 27 <= n_bytes:
        magic, _, flags, n_segments = _read(file, "<4sBB20xB", at)
        if magic != b"OggS":
            return False
        if flags & _OGG_FIRST_PAGE and is_inside:
            return True
        is_inside = is_inside or not flags & _OGG_FIRST_PAGE
        at += 27 + n_segments + sum(file.read(n_segments))
    return False


def _is_matroska_truncated(file: BinaryIO, n_bytes: int) -> bool:
    file.seek(0)
    head = file.read(4096)
    at = head.find(_EBML_SEGMENT_ID)
    if at < 0 or len(head) < at + 12:
        return False
    first = head[at + 4]
    n_length = 9 - first.bit_length()
    length = int.from_bytes(head[at + 4 : at + 4 + n_length]) & ((1 << 7 * n_length) - 1)
    return length != (1 << 7 * n_length) - 1 and at + 4 + n_length + length > n_bytes


def _is_ogg_truncated(file: BinaryIO, n_bytes: int) -> bool:
    """True if the last page is incomplete; a missing end-of-stream flag alone, as after a crash, does not count."""
    first = max(0, n_bytes - _OGG_TAIL_BYTES)
    file.seek(first)
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0:
        return n_bytes > _OGG_TAIL_BYTES
    if len(tail) < at + 27 or len(tail) < at + 27 + tail[at + 26]:
        return True
    n_segments = tail[at + 26]
    return at + 27 + n_segments + sum(tail[at + 27 : at + 27 + n_segments]) > len(tail)


def _is_asf_truncated(file: BinaryIO, n_bytes: int) -> bool:
    at = 0
    for _ in range(64):
        if at + 24 > n_bytes:
            break
        kind, size = _read(file, "<8s8xQ", at)
        if size < 24:
            return False
        if at and kind == ASF_START:
            return True  # a second file joined to the first
        at += size
    return at > n_bytes


def _is_caf_truncated(file: BinaryIO, n_bytes: int) -> bool:
    at = 8
    while at + 12 <= n_bytes:
        _, size = _read(file, ">4sq", at)
        if size < 0:
            return False
        at += 12 + size
    return at > n_bytes


def _is_mp3_truncated(file: BinaryIO, n_bytes: int) -> bool:
    found = read_mp3_frames(file)
    return found.end > n_bytes or found.n_frames < found.n_declared_frames


def _is_adts_truncated(file: BinaryIO, n_bytes: int) -> bool:
    file.seek(0)
    content = file.read()
    at = 0
    while at + 7 <= len(content) and content[at] == 0xFF and content[at + 1] & 0xF6 == 0xF0:
        at += max(7, (content[at + 3] & 3) << 11 | content[at + 4] << 3 | content[at + 5] >> 5)
    return at > n_bytes


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "wav": _is_riff_truncated,
    "avi": _is_riff_truncated,
    "aiff": _is_form_truncated,
    "mov": _is_mov_truncated,
    "matroska": _is_matroska_truncated,
    "ogg": _is_ogg_truncated,
    "asf": _is_asf_truncated,
    "caf": _is_caf_truncated,
    "mp3": _is_mp3_truncated,
    "flac": _is_flac_joined,
    "au": _is_au_truncated,
    "aac": _is_adts_truncated,
}
