"""Audio formats of the speech endpoint, encoded while the rest of the text is synthesized."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hierbatch.audio.resample import resample_blocks
from hierbatch.audio.waveform import Samples
from hierbatch.delivery.tags import synthetic_notice
from hierbatch.programs import ffmpeg_program, pipe_program

_UNKNOWN_SIZE = 0xFFFFFFFF
"""Value of the size fields in a WAV header for an unknown length; ffmpeg and most players accept it."""


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """Response format: media type, sampling rate in Hz (None for the model's rate), and ffmpeg options."""

    media_type: str
    rate_hz: int | None = None
    encoder: tuple[str, ...] = ()


FORMATS = {
    "mp3": StreamFormat(
        "audio/mpeg", 24_000, ("-c:a", "libmp3lame", "-b:a", "96k", "-id3v2_version", "3", "-f", "mp3")
    ),
    "opus": StreamFormat("audio/ogg", 48_000, ("-c:a", "libopus", "-b:a", "48k", "-f", "ogg")),
    "flac": StreamFormat("audio/flac", None, ("-c:a", "flac", "-f", "flac")),
    "wav": StreamFormat("audio/wav"),
    "pcm": StreamFormat("audio/pcm", 24_000),
}
"""Response formats by name; `pcm` is 24 kHz, 16 bit, little-endian, mono, as OpenAI's clients expect."""


def encode_stream(blocks: Iterable[Samples], rate_hz: int, name: str) -> Iterator[bytes]:
    """Encode audio block by block. Every format but `pcm`, which has no metadata, carries the synthetic-speech notice.

    Args:
        blocks: consecutive blocks of samples, full scale at +-1.
        rate_hz: sampling rate of the blocks.
        name: a key of `FORMATS`.

    Raises:
        ProgramError: ffmpeg failed.
    """
    kind = FORMATS[name]
    to_hz = kind.rate_hz or rate_hz
    pcm = (_to_pcm(block) for block in resample_blocks(blocks, rate_hz, to_hz))
    if name == "wav":
        yield _wav_header(to_hz)
    if not kind.encoder:
        yield from pcm
        return
    source = ["-f", "s16le", "-ar", str(to_hz), "-ac", "1", "-i", "pipe:0"]
    tags = ["-metadata", f"comment={synthetic_notice()}", "-flush_packets", "1"]
    yield from pipe_program(
        [ffmpeg_program(), "-nostdin", "-loglevel", "error", *source, *kind.encoder, *tags, "pipe:1"], pcm
    )


def _to_pcm(block: Samples) -> bytes:
    return np.round(np.clip(block, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def _wav_header(rate_hz: int) -> bytes:
    """RIFF header of a stream of unknown length, with the synthetic-speech notice as a comment."""
    comment = synthetic_notice().encode() + b"\0"
    comment += b"\0" * (len(comment) % 2)
    info = b"INFO" + b"ICMT" + struct.pack("<I", len(comment)) + comment
    chunks = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    chunks += b"LIST" + struct.pack("<I", len(info)) + info
    return b"RIFF" + struct.pack("<I", _UNKNOWN_SIZE) + b"WAVE" + chunks + b"data" + struct.pack("<I", _UNKNOWN_SIZE)
