"""MP3 frame headers, the only reliable source of a file's bit rates.

ISO/IEC 11172-3, section 2.4.1.3 (and 13818-3 for the lower rates): each frame starts with eleven set bits and carries
its version, layer, bit rate and sampling rate, which determine its length.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hierbatch.audio.id3 import HEADER_BYTES as ID3_HEADER_BYTES
from hierbatch.audio.id3 import id3_bytes

_KBPS_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES_MPEG1_HZ = (44_100, 48_000, 32_000)
_RATE_DIVISORS = {3: 1, 2: 2, 0: 4}  # version bits: MPEG 1, 2, 2.5
_LAYER_III = 1
_HEADER_BYTES = 4
_XING_BYTES = 64
_RESYNC_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp3Frames:
    """Bit rates and sampling rates over all frames of a file; more than one bit rate means VBR."""

    kbps: frozenset[int]
    rates_hz: frozenset[int]
    n_frames: int
    n_samples: int
    """Samples per channel of all frames, encoder delay and padding included."""
    n_declared_frames: int
    """Number of frames in the Xing or Info header; 0 without one."""
    end: int
    """Position in bytes after the last frame; beyond the end of the file if the file was cut inside that frame."""


def read_mp3_frames(source: Path | BinaryIO) -> Mp3Frames:
    """Read all frame headers of a file, up to a position that no frame follows (such as a trailing tag)."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_mp3_frames(file)
    kbps: set[int] = set()
    rates_hz: set[int] = set()
    n_frames = n_samples = n_declared = end = 0
    position: int | None = 0
    while position is not None:
        source.seek(position)
        found = _frame(head := source.read(_HEADER_BYTES))
        if found is None:
            position = _next_frame(source, position, head)
            continue
        frame_kbps, rate_hz, n_bytes = found
        if not n_frames:
            n_declared = _declared_frames(head + source.read(_XING_BYTES))
        kbps.add(frame_kbps)
        rates_hz.add(rate_hz)
        n_frames += 1
        n_samples += 1152 if head[1] >> 3 & 3 == 3 else 576
        end = position = position + n_bytes
    return Mp3Frames(
        kbps=frozenset(kbps),
        rates_hz=frozenset(rates_hz),
        n_frames=n_frames,
        n_samples=n_samples,
        n_declared_frames=n_declared,
        end=end,
    )


def _next_frame(file: BinaryIO, position: int, head: bytes) -> int | None:
    """Position of the next frame after a tag or a damaged span; None if there is none."""
    if head.startswith(b"ID3"):
        tag_bytes = id3_bytes(head + file.read(ID3_HEADER_BYTES - _HEADER_BYTES))
        return position + tag_bytes if tag_bytes else None
    span = head + file.read(_RESYNC_BYTES)
    at = span.find(b"\xff", 1)
    while at >= 0:
        found = _frame(span[at : at + _HEADER_BYTES])
        if found and _frame(span[at + found[2] : at + found[2] + _HEADER_BYTES]):
            return position + at
        at = span.find(b"\xff", at + 1)
    return None


def _declared_frames(frame: bytes) -> int:
    """Number of frames in a Xing or Info header, which the first frame carries after its side information."""
    is_mpeg1, is_mono = frame[1] >> 3 & 3 == 3, frame[3] >> 6 == 3
    at = _HEADER_BYTES + ((17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17))
    if frame[at : at + 4] not in (b"Xing", b"Info") or len(frame) < at + 12 or not frame[at + 7] & 1:
        return 0
    return int.from_bytes(frame[at + 8 : at + 12])


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
