"""Decoder for all recordings, prompts, films and delivered files, which it reads in blocks to the end of the file.

libsndfile decodes WAV, FLAC, AIFF, AU, W64 and Ogg files with one or two channels, if their headers are reliable. All
other files go through the packaged ffmpeg program, which gets the name of the container and may use no protocols
but files and pipes: it cannot be made to open another file, such as an entry of a playlist.
"""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from hierbatch.audio.containers import (
    declared_flac_samples,
    detect_container,
    has_joined_streams,
    has_placeholder_length,
    is_truncated,
    read_head,
)
from hierbatch.audio.waveform import Samples
from hierbatch.errors import HierbatchError, InputError, ProgramError
from hierbatch.programs import ffmpeg_program, stream_program
from hierbatch.storage import regular_file_size, storage_error

READABLE = "WAV, FLAC, MP3, Ogg, Opus, AIFF, AU, CAF, M4A, AAC, WMA, AMR, 3GP, MP4, MOV, MKV, WebM, AVI or TS"
_BY_LIBSNDFILE = ("wav", "flac", "ogg", "aiff", "au", "w64")
_BLOCK_SAMPLES = 1 << 16
_MAX_HEADER_BYTES = 1 << 16
_DECODING_TIMEOUT_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSound:
    """A sound that is being decoded; blocks have shape [L, C]."""

    rate_hz: int
    n_channels: int
    container: str
    codec: str
    """Sample format as named by libsndfile; empty if ffmpeg decodes."""
    is_truncated: bool
    n_declared: int
    """Samples per channel according to the header; 0 if the header gives no number or is not reliable."""
    blocks: Iterator[Samples]
    channel_mask: int = 0
    """Channels present, as the bits of WAVEFORMATEXTENSIBLE; 0 if unknown."""


class DecodingError(Exception):
    """Failure to decode a file; the text is the reason. `hierbatch.audio.files` adds the name of the file and a fix."""


@contextmanager
def open_decoder(source: Path | bytes, *, use_ffmpeg: bool = False, track: int = 0) -> Iterator[DecodedSound]:
    """Open a sound for decoding, block by block.

    Args:
        source: path or content of the file.
        use_ffmpeg: decode with ffmpeg even what libsndfile reads, as a second opinion.
        track: index of the sound track of a film, from 0.

    Raises:
        DecodingError: the file is not audio, or damaged; also while the blocks are read.
        OSError: the file cannot be read.
        ProgramError: ffmpeg is missing.
    """
    if not isinstance(source, bytes):
        regular_file_size(source)  # a pipe without a writer would be waited for
    # Opened here, so that the file name cannot influence a decoder and a missing file gives a clear error.
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        head = read_head(file)
        container = detect_container(head)
        if container is None:
            raise DecodingError("unknown format" if head else "an empty file")
        is_cut = is_truncated(file, container)
        trusted = container in _BY_LIBSNDFILE and not has_placeholder_length(head, container)
        trusted = trusted and not (container == "ogg" and has_joined_streams(file))
        file.seek(0)
        sound = _by_libsndfile(file, container, is_cut) if trusted and not use_ffmpeg and not track else None
        if sound is not None:
            yield sound
            return
    with (
        as_path(source) as path,
        _by_ffmpeg(path, container, track) as decoded,
    ):
        n_declared = declared_flac_samples(head) if container == "flac" else 0
        yield replace(decoded, is_truncated=is_cut, n_declared=n_declared)


@contextmanager
def open_encoded_mp3(path: Path) -> Iterator[DecodedSound]:
    """Open an MP3 file that this package has encoded, to decode it with libsndfile, three times as fast as with ffmpeg.

    Files from elsewhere should be opened with ffmpeg, since libsndfile trusts their headers. A file that libsndfile
    does not recognize is decoded with ffmpeg.

    Raises:
        InputError: the file cannot be read or decoded.
    """
    try:
        sound = soundfile.SoundFile(path)
    except soundfile.LibsndfileError:
        with open_file(path, use_ffmpeg=True) as decoded:
            yield decoded
        return
    with path.open("rb") as file:
        is_cut = is_truncated(file, "mp3")
    try:
        yield _decoded_by_libsndfile(sound, "mp3", is_cut)
    except DecodingError as error:
        raise decoding_failure(str(path), str(error), InputError) from error


@contextmanager
def open_file(path: Path, *, use_ffmpeg: bool = False) -> Iterator[DecodedSound]:
    """Open a file for decoding, with errors for the command line; the samples are not checked.

    Raises:
        InputError: the file cannot be read or decoded.
    """
    try:
        with open_decoder(path, use_ffmpeg=use_ffmpeg) as sound:
            yield sound
    except OSError as error:
        raise InputError(f"Cannot read {path}", got=error.strerror or str(error), fix="check the path") from error
    except DecodingError as error:
        raise decoding_failure(str(path), str(error), InputError) from error


def ffmpeg_input(path: Path) -> list[str]:
    """Start of an ffmpeg command line that reads one file as the container that its content shows.

    Raises:
        DecodingError: the container is unknown.
        OSError: the file cannot be read.
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


def _by_libsndfile(file: BinaryIO, container: str, is_cut: bool) -> DecodedSound | None:
    """Open a file with libsndfile; None if it cannot read the file, for over two channels and for MPEG audio."""
    try:
        sound = soundfile.SoundFile(file)
    except soundfile.LibsndfileError:
        return None  # ffmpeg decides: it knows more codecs in the same containers
    if sound.channels > 2 or sound.subtype.startswith("MPEG"):
        return None
    return _decoded_by_libsndfile(sound, container, is_cut)


def _decoded_by_libsndfile(sound: soundfile.SoundFile, container: str, is_cut: bool) -> DecodedSound:
    return DecodedSound(
        rate_hz=sound.samplerate,
        n_channels=sound.channels,
        container=container,
        codec=sound.subtype,
        is_truncated=is_cut,
        n_declared=int(sound.frames),
        blocks=_libsndfile_blocks(sound),
    )


def _libsndfile_blocks(sound: soundfile.SoundFile) -> Iterator[Samples]:
    with sound:
        try:
            while len(block := sound.read(_BLOCK_SAMPLES, dtype="float32", always_2d=True)):
                yield block
        except soundfile.LibsndfileError as error:
            raise DecodingError(error.error_string) from error


@contextmanager
def _by_ffmpeg(path: Path, container: str, track: int) -> Iterator[DecodedSound]:
    arguments = [
        *_ffmpeg_input(path, container),
        *("-map", f"0:a:{track}"),
        # ffmpeg writes each frame by itself; those of a codec are so short that half the time goes into writing.
        *("-af", f"asetnsamples=n={_BLOCK_SAMPLES}:p=0"),
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


@contextmanager
def as_path(source: Path | bytes) -> Iterator[Path]:
    """Path of a source; content is written to a temporary file, since many containers cannot be read from a pipe."""
    if isinstance(source, Path):
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="hierbatch-") as file:
        try:
            file.write(source)
            file.flush()
        except OSError as error:
            raise storage_error(error, Path(file.name)) from error
        yield Path(file.name)


def decoding_failure(shown: str, reason: str, raises: type[HierbatchError]) -> HierbatchError:
    """Error for a file that cannot be decoded.

    Args:
        shown: name of the file.
        reason: text of the DecodingError.
        raises: class of the error.
    """
    if reason == "no audio in the file":
        return raises(f"{shown} has no audio", expected="a file with an audio track", fix="remove or replace the file")
    return raises(
        f"{shown} is not a readable audio file", expected=READABLE, got=reason, fix="convert it to one of these formats"
    )
