"""ID3v2 tags at the start of files (id3.org, ID3v2.4.0 structure, section 3.1)."""

from __future__ import annotations

HEADER_BYTES = 10


def id3_bytes(head: bytes) -> int:
    """Length in bytes of the ID3v2 tag at the start of a file, from its size field (four bytes of seven bits), or 0."""
    if not head.startswith(b"ID3") or len(head) < HEADER_BYTES:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + HEADER_BYTES + (HEADER_BYTES if head[5] & 0x10 else 0)
