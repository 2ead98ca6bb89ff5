"""Audio files tagged with the synthetic-speech notice."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import soundfile

_STREAMINFO, _VORBIS_COMMENT = 0, 4
_LAST = 0x80


def tag_flac(flac: bytes, notice: str) -> bytes:
    """Replace the comments of a FLAC stream with a notice and `SYNTHETIC=true`; audio frames stay the same.

    See RFC 9639, sections 8.1 and 8.6.

    Raises:
        ValueError: the bytes are not a FLAC stream.
    """
    if flac[:4] != b"fLaC":
        raise ValueError("no FLAC stream")
    blocks, position, is_last = [], 4, False
    while not is_last:
        kind, length = flac[position] & ~_LAST, int.from_bytes(flac[position + 1 : position + 4], "big")
        is_last = bool(flac[position] & _LAST)
        if kind != _VORBIS_COMMENT:
            blocks.append((kind, flac[position + 4 : position + 4 + length]))
        position += 4 + length
    blocks.insert(1, (_VORBIS_COMMENT, _comments(notice)))  # after STREAMINFO, which is always first
    out = [b"fLaC"]
    for number, (kind, content) in enumerate(blocks):
        flag = _LAST if number == len(blocks) - 1 else 0
        out += [bytes([flag | kind]), len(content).to_bytes(3, "big"), content]
    return b"".join([*out, flac[position:]])


def _comments(notice: str) -> bytes:
    """Comment block with the vendor and two comments, each preceded by its length (Vorbis I, section 5.2.1)."""
    entries = [f"COMMENT={notice}".encode(), b"SYNTHETIC=true"]
    vendor = b"hierbatch"
    parts = [struct.pack("<I", len(vendor)), vendor, struct.pack("<I", len(entries))]
    for entry in entries:
        parts += [struct.pack("<I", len(entry)), entry]
    return b"".join(parts)


def write_tagged_wav(path: Path, flac: bytes, notice: str) -> None:
    """Decode a FLAC stream to a 16-bit WAV file with a notice in its INFO chunk; raises OSError."""
    samples, rate_hz = soundfile.read(io.BytesIO(flac), dtype="int16")
    with (
        path.open("wb") as file,
        soundfile.SoundFile(file, "w", samplerate=rate_hz, channels=1, subtype="PCM_16", format="WAV") as sound,
    ):
        sound.comment = notice
        sound.write(samples)
