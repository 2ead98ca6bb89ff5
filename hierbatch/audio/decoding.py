"""Decoding of recordings, prompts, films and delivered files, in blocks and up to the end of the file.

libsndfile decodes WAV, FLAC, AIFF, AU, W64 and Ogg files with one or two channels, if their headers are reliable. All
other files go through the packaged ffmpeg program, which gets the name of the container and may use no protocols
but files and pipes: it cannot be made to open another file, such as an entry of a playlist.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import soundfile

from hierbatch.audio.containers import (
    declared_flac_samples,
    detect_container,
    has_placeholder_length,
    read_head,
)
from hierbatch.audio.decoded_sound import BLOCK_SAMPLES, DecodedSound, DecodingError
from hierbatch.audio.ffmpeg_decoding import open_with_ffmpeg
from hierbatch.audio.truncation import has_joined_streams, is_truncated
from hierbatch.audio.waveform import Samples
from hierbatch.errors import HierbatchError, InputError
from hierbatch.regular_file import regular_file_size
from hierbatch.storage import storage_error

READABLE = "WAV, FLAC, MP3, Ogg, Opus, AIFF, AU, CAF, M4A, AAC, WMA, AMR, 3GP, MP4, MOV, MKV, WebM, AVI or TS"
_BY_LIBSNDFILE = ("wav", "flac", "ogg", "aiff", "au", "w64")


@contextmanager
def open_decoder(source: Path | bytes, *, use_ffmpeg: bool = False, track: int = 0) -> Iterator[DecodedSound]:
    """Open a sound for decoding, block by block.

    Args:
        source: path or content of the file.
        use_ffmpeg: True to decode with ffmpeg even the files that libsndfile can read, as a second opinion.
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
        open_with_ffmpeg(path, container, track) as decoded,
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


def _by_libsndfile(file: BinaryIO, container: str, is_cut: bool) -> DecodedSound | None:
    """Open a file with libsndfile; None for unreadable files, more than two channels, and MPEG audio."""
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
            while len(block := sound.read(BLOCK_SAMPLES, dtype="float32", always_2d=True)):
                yield block
        except soundfile.LibsndfileError as error:
            raise DecodingError(error.error_string) from error


@contextmanager
def as_path(source: Path | bytes) -> Iterator[Path]:
    """Context with the path of a source; bytes are written to a temporary file, since ffmpeg may have to seek."""
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
        shown: name of the file in error messages.
        reason: text of the DecodingError.
        raises: class of the error.
    """
    if reason == "no audio in the file":
        return raises(f"{shown} has no audio", expected="a file with an audio track", fix="remove or replace the file")
    return raises(
        f"{shown} is not a readable audio file", expected=READABLE, got=reason, fix="convert it to one of these formats"
    )
