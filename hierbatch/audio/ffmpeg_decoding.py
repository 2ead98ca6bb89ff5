"""Decoding with the packaged ffmpeg program, block by block through a pipe."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from hierbatch.audio.containers import detect_container, read_head
from hierbatch.audio.decoded_sound import BLOCK_SAMPLES, DecodedSound, DecodingError
from hierbatch.audio.waveform import Samples
from hierbatch.errors import ProgramError
from hierbatch.programs import ffmpeg_program, stream_program
from hierbatch.regular_file import regular_file_size

_MAX_HEADER_BYTES = 1 << 16
_DECODING_TIMEOUT_S = 1800.0


def ffmpeg_input(path: Path) -> list[str]:
    """Start of an ffmpeg command line, up to the input file, whose container is detected from its content.

    Raises:
        DecodingError: the container is unknown.
        OSError: the file cannot be read.
        ProgramError: ffmpeg is missing.
    """
    regular_file_size(path)
    with path.open("rb") as file:
        container = detect_container(read_head(file))
    if container is None:
        raise DecodingError("unknown format")
    return _ffmpeg_input(path, container)


def _ffmpeg_input(path: Path, container: str) -> list[str]:
    program = [ffmpeg_program(), "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
    return [*program, "-protocol_whitelist", "file,pipe", "-f", container, "-i", f"file:{path}"]


@contextmanager
def open_with_ffmpeg(path: Path, container: str, track: int = 0) -> Iterator[DecodedSound]:
    """Open a file for decoding with ffmpeg.

    Args:
        path: the file.
        container: name of the ffmpeg demuxer, from `detect_container`.
        track: index of the sound track, from 0.

    Raises:
        DecodingError: the file has no such track, or is damaged; also while the blocks are read.
        ProgramError: ffmpeg is missing.
    """
    arguments = [
        *_ffmpeg_input(path, container),
        *("-map", f"0:a:{track}"),
        # ffmpeg writes each frame by itself; those of a codec are so short that half the time goes into writing.
        *("-af", f"asetnsamples=n={BLOCK_SAMPLES}:p=0"),
        *("-c:a", "pcm_f32le", "-bitexact", "-f", "wav", "pipe:1"),
    ]
    stream = stream_program(arguments, timeout_s=_DECODING_TIMEOUT_S)
    try:
        with _as_decoding_error():
            rate_hz, n_channels, mask, rest = _read_header(stream)
        yield DecodedSound(
            rate_hz=rate_hz,
            n_channels=n_channels,
            container=container,
            codec="",
            is_truncated=False,
            n_declared=0,
            blocks=_ffmpeg_blocks(rest, stream, n_channels),
            channel_mask=mask,
        )
    finally:
        stream.close()


def _read_header(stream: Iterator[bytes]) -> tuple[int, int, int, bytes]:
    """Read the rate in Hz, number of channels, channel mask and first sample bytes of a WAV file from a pipe."""
    head = b""
    for block in stream:
        head += block
        at = 12
        fields: tuple[int, int, int] | None = None
        while at + 8 <= len(head):
            kind, size = struct.unpack_from("<4sI", head, at)
            if kind == b"data" and fields:
                return *fields, head[at + 8 :]
            if kind == b"fmt " and len(head) >= at + 8 + size:
                n_channels, rate_hz = struct.unpack_from("<HI", head, at + 10)
                fields = rate_hz, n_channels, struct.unpack_from("<I", head, at + 28)[0] if size >= 40 else 0
            at += 8 + size + size % 2
        if len(head) > _MAX_HEADER_BYTES:
            break
    raise DecodingError("no audio in the file")


def _ffmpeg_blocks(first: bytes, stream: Iterator[bytes], n_channels: int) -> Iterator[Samples]:
    rest, frame_bytes = first, 4 * n_channels
    with _as_decoding_error():
        for block in stream:
            rest += block
            n_whole = len(rest) // frame_bytes * frame_bytes
            yield np.frombuffer(rest[:n_whole], "<f4").reshape(-1, n_channels)
            rest = rest[n_whole:]
    yield np.frombuffer(rest[: len(rest) // frame_bytes * frame_bytes], "<f4").reshape(-1, n_channels)


@contextmanager
def _as_decoding_error() -> Iterator[None]:
    try:
        yield
    except ProgramError as error:
        if "matches no streams" in error.got:
            raise DecodingError("no audio in the file") from error
        raise DecodingError(error.got.splitlines()[-1][-200:] if error.got else error.what) from error
