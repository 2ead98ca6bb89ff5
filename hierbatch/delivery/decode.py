"""Streaming decoder of delivered files, by ffmpeg: the same samples that a player outputs.

The container is detected from the file's first bytes and passed to ffmpeg explicitly. With the protocol whitelist this
keeps ffmpeg from opening any other file, such as the entries of a playlist.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.waveform import Samples
from hierbatch.errors import InputError, ProgramError
from hierbatch.programs import ffmpeg_program, stream_program

_AU_HEADER = struct.Struct(">4s5I")
"""Sun/NeXT AU header: magic, data offset, data size, encoding, rate, channels. Needs no seeking, so it fits a pipe."""


@dataclass(frozen=True, slots=True)
class DecodedSound:
    """Audio stream being decoded; blocks have shape [L, C]."""

    rate_hz: int
    n_channels: int
    blocks: Iterator[Samples]


def container_of(path: Path) -> str:
    """Detect a file's container from its first bytes; returns ffmpeg's demuxer name.

    Raises:
        InputError: the file cannot be read, or its container is not supported.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError as error:
        raise InputError(f"Cannot read {path}", got=error.strerror or str(error), fix="check the path") from error
    if head[:4] == b"RIFF" and head[8:] == b"WAVE":
        return "wav"
    if head[4:8] == b"ftyp":
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        return "aiff"
    for magic, name in ((b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3", "mp3")):
        if head.startswith(magic):
            return name
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "mp3"
    raise InputError(
        f"{path} is not an audio file",
        expected="MP3, M4A or M4B, FLAC, Ogg Opus, WAV, AIFF, MKV or WebM",
        fix="convert it to one of these formats",
    )


@contextmanager
def decoded(path: Path) -> Iterator[DecodedSound]:
    """Open the first audio stream of a file for decoding, block by block.

    Raises:
        InputError: the file cannot be read or decoded.
    """
    arguments = [
        *(ffmpeg_program(), "-nostdin", "-hide_banner", "-loglevel", "error"),
        *("-protocol_whitelist", "file,pipe", "-f", container_of(path), "-i", f"file:{path}"),
        *("-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"),
    ]
    stream = stream_program(arguments)
    try:
        header, rest = _read_header(stream)
        _, offset, _, _, rate_hz, n_channels = header
        yield DecodedSound(rate_hz, n_channels, _blocks(rest[offset:], stream, n_channels))
    except ProgramError as error:
        raise InputError(
            f"{path} cannot be decoded", expected="an undamaged audio file", got=error.got, fix="replace the file"
        ) from error
    finally:
        stream.close()


def _read_header(stream: Iterator[bytes]) -> tuple[tuple[int, ...], bytes]:
    """Read the AU header; returns its fields and all bytes read so far, header included."""
    head = b""
    for block in stream:
        head += block
        if len(head) >= _AU_HEADER.size and len(head) >= _AU_HEADER.unpack_from(head)[1]:
            return _AU_HEADER.unpack_from(head), head
    raise ProgramError("ffmpeg decoded nothing", got="no audio in the file")


def _blocks(first: bytes, stream: Iterator[bytes], n_channels: int) -> Iterator[Samples]:
    rest = first
    for block in stream:
        rest += block
        n_whole = len(rest) // (4 * n_channels) * (4 * n_channels)
        yield _samples(rest[:n_whole], n_channels)
        rest = rest[n_whole:]
    yield _samples(rest[: len(rest) // (4 * n_channels) * (4 * n_channels)], n_channels)


def _samples(content: bytes, n_channels: int) -> Samples:
    return np.frombuffer(content, ">f4").astype(np.float32).reshape(-1, n_channels)
