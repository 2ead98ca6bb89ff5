"""Sound files that say of themselves that a machine speaks."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import soundfile

_STREAMINFO, _VORBIS_COMMENT = 0, 4
_LAST = 0x80


def marked_flac(flac: bytes, mark: str) -> bytes:
    """The same FLAC stream with `mark` as its only comment; no sample is touched (RFC 9639, sections 8.1 and 8.6)."""
    if flac[:4] != b"fLaC":
        raise ValueError("no FLAC stream")
    blocks, place, is_last = [], 4, False
    while not is_last:
        kind, length = flac[place] & ~_LAST, int.from_bytes(flac[place + 1 : place + 4], "big")
        is_last = bool(flac[place] & _LAST)
        if kind != _VORBIS_COMMENT:
            blocks.append((kind, flac[place + 4 : place + 4 + length]))
        place += 4 + length
    blocks.insert(1, (_VORBIS_COMMENT, _comments(mark)))  # after STREAMINFO, which is always first
    out = [b"fLaC"]
    for number, (kind, content) in enumerate(blocks):
        flag = _LAST if number == len(blocks) - 1 else 0
        out += [bytes([flag | kind]), len(content).to_bytes(3, "big"), content]
    return b"".join([*out, flac[place:]])


def _comments(mark: str) -> bytes:
    """Vendor and two comments, little-endian lengths before each (Vorbis I, section 5.2.1)."""
    entries = [f"COMMENT={mark}".encode(), b"SYNTHETIC=true"]
    vendor = b"hierbatch"
    parts = [struct.pack("<I", len(vendor)), vendor, struct.pack("<I", len(entries))]
    for entry in entries:
        parts += [struct.pack("<I", len(entry)), entry]
    return b"".join(parts)


def write_marked_wav(path: Path, flac: bytes, mark: str) -> None:
    """16-bit WAV of the same samples, with `mark` in its INFO chunk; raises OSError."""
    samples, rate_hz = soundfile.read(io.BytesIO(flac), dtype="int16")
    with (
        path.open("wb") as file,
        soundfile.SoundFile(file, "w", samplerate=rate_hz, channels=1, subtype="PCM_16", format="WAV") as sound,
    ):
        sound.comment = mark
        sound.write(samples)
