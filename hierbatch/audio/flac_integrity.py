"""Check of FLAC files against the hash of their samples, which the encoder wrote into the header."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import soundfile

_MAGIC = b"fLaC"
_STREAM_INFO_BYTES = 42
_MD5 = slice(26, 42)
_BLOCK_SAMPLES = 1 << 18
_UNKNOWN_MD5 = bytes(16)


def find_flac_damage(content: bytes, *, rate_hz: int, n_samples: int) -> str:
    """Describe the damage of a FLAC file; empty if the file is intact. Only 16-bit files are checked against the hash.

    Args:
        content: the file.
        rate_hz: sampling rate that the file must have.
        n_samples: number of samples that the file must hold.
    """
    if not content.startswith(_MAGIC) or len(content) < _STREAM_INFO_BYTES:
        return "it is not a FLAC file"
    digest = hashlib.md5(usedforsecurity=False)
    n_decoded = 0
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as sound:
            has_hash = sound.subtype == "PCM_16" and content[_MD5] != _UNKNOWN_MD5
            if sound.samplerate != rate_hz:
                return f"its rate is {sound.samplerate} Hz instead of {rate_hz} Hz"
            while len(block := sound.read(_BLOCK_SAMPLES, dtype="int16")):
                n_decoded += len(block)
                digest.update(np.ascontiguousarray(block, "<i2").tobytes())
    except (soundfile.SoundFileError, ValueError) as error:
        return f"it cannot be decoded: {error}"
    if n_decoded != n_samples:
        return f"it has {n_decoded:,} samples instead of {n_samples:,}"
    if has_hash and content[_MD5] != digest.digest():
        return "its samples differ from the hash in its header"
    return ""
