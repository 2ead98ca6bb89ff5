"""Containers of audio and video files, detected by content, and the lengths that their headers declare.

Lengths of zero are placeholders from programs that wrote the header before the length was known.
"""

from __future__ import annotations

from typing import BinaryIO

from hierbatch.audio.id3 import id3_bytes

HEAD_BYTES = 512
ASF_START = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"
_MAGICS = (
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"riff\x2e\x91\xcf\x11", "w64"),
    (0, b"caff", "caf"),
    (0, b".snd", "au"),
    (0, b"#!AMR", "amr"),
    (0, ASF_START, "asf"),
    *((4, kind, "mov") for kind in (b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free")),
)
_FORMS = {b"WAVE": "wav", b"AVI ": "avi", b"AIFF": "aiff", b"AIFC": "aiff"}
FORM_IDS = (b"RIFF", b"RF64", b"BW64", b"FORM")
_TS_PACKET_BYTES, _TS_SYNC = 188, 0x47


def read_head(file: BinaryIO) -> bytes:
    """Read the first 512 bytes of a file; if an ID3v2 tag precedes a FLAC stream, the first 512 bytes of the stream."""
    head = file.read(HEAD_BYTES)
    if (n_tag := id3_bytes(head)) and file.seekable():
        file.seek(n_tag)
        after_tag = file.read(HEAD_BYTES)
        return after_tag if after_tag.startswith(b"fLaC") else head
    return head


def detect_container(head: bytes) -> str | None:
    """Name of the ffmpeg demuxer for a file, from its first 512 bytes; None if the container is unknown."""
    for offset, magic, name in _MAGICS:
        if head[offset:].startswith(magic):
            return name
    if head[:4] in FORM_IDS and head[8:12] in _FORMS:
        return _FORMS[head[8:12]]
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "aac" if head[1] & 0x06 == 0 else "mp3"  # no MPEG audio layer: ADTS
    # A transport stream may start inside a packet.
    for start in range(min(_TS_PACKET_BYTES, len(head) - 2 * _TS_PACKET_BYTES)):
        if head[start] == head[start + _TS_PACKET_BYTES] == head[start + 2 * _TS_PACKET_BYTES] == _TS_SYNC:
            return "mpegts"
    return None


def has_placeholder_length(head: bytes, container: str) -> bool:
    """True if the length in the header is a placeholder, as in the files of recorders that crashed."""
    if container == "wav":
        at = head.find(b"data")
        return 0 < at <= len(head) - 8 and head[:4] == b"RIFF" and head[at + 4 : at + 8] == bytes(4)
    return container == "flac" and len(head) >= 26 and declared_flac_samples(head) == 0


def declared_flac_samples(head: bytes) -> int:
    """Samples per channel that a FLAC file declares: the 36 bits before the MD5 hash in its STREAMINFO block."""
    return int.from_bytes(head[21:26]) & ((1 << 36) - 1)
