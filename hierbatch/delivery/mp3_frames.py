"""MP3 frame headers, the only reliable source of a file's bit rates.

ISO/IEC 11172-3, section 2.4.1.3 (and 13818-3 for the lower rates): each frame starts with eleven set bits and carries
its version, layer, bit rate and sampling rate, which determine its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_KBPS_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_MPEG1_HZ = (44_100, 48_000, 32_000)
_RATE_DIVISORS = {3: 1, 2: 2, 0: 4}  # version bits: MPEG 1, 2, 2.5
_LAYER_III = 1
_HEADER_BYTES = 4
_ID3_HEADER_BYTES = 10


@dataclass(frozen=True, slots=True)
class Mp3Frames:
    """Bit rates and sampling rates over all frames of a file; more than one bit rate means VBR."""

    kbps: frozenset[int]
    rates_hz: frozenset[int]
    n_frames: int


def read_mp3_frames(path: Path) -> Mp3Frames:
    """Read all frame headers of a file; stops at the first position without one (such as a trailing tag)."""
    kbps: set[int] = set()
    rates_hz: set[int] = set()
    n_frames = 0
    with path.open("rb") as file:
        position = _id3_bytes(file.read(_ID3_HEADER_BYTES))
        while True:
            file.seek(position)
            found = _frame(file.read(_HEADER_BYTES))
            if found is None:
                return Mp3Frames(frozenset(kbps), frozenset(rates_hz), n_frames)
            frame_kbps, rate_hz, n_bytes = found
            kbps.add(frame_kbps)
            rates_hz.add(rate_hz)
            n_frames += 1
            position += n_bytes


def _id3_bytes(head: bytes) -> int:
    """Length of the ID3v2 tag at the start, 0 if there is none; its size field holds four bytes of seven bits."""
    if not head.startswith(b"ID3") or len(head) < _ID3_HEADER_BYTES:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return size + _ID3_HEADER_BYTES + (_ID3_HEADER_BYTES if head[5] & 0x10 else 0)


def _frame(header: bytes) -> tuple[int, int, int] | None:
    """Bit rate in kbit/s, sampling rate in Hz and length in bytes of a Layer III frame; None for an invalid header."""
    if len(header) < _HEADER_BYTES or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    kbps_index, rate_index, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version not in _RATE_DIVISORS or layer != _LAYER_III or rate_index == 3 or kbps_index in (0, 15):
        return None
    is_mpeg1 = version == 3
    kbps = (_KBPS_MPEG1 if is_mpeg1 else _KBPS_MPEG2)[kbps_index]
    rate_hz = _RATES_MPEG1_HZ[rate_index] // _RATE_DIVISORS[version]
    return kbps, rate_hz, (144 if is_mpeg1 else 72) * kbps * 1000 // rate_hz + padding
