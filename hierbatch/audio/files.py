"""Audio files: read from paths or bytes with a limit on size, write atomically.

The caller chooses the class of the errors, since only the caller knows the purpose of the sound: a prompt
(PromptError), a recording to convert (SourceError), or a file given on the command line (InputError).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import HierbatchError, InputError
from hierbatch.storage import regular_file_size, storage_error, write_atomically

_BLOCK_SAMPLES = 1 << 16
_TRUNCATED_CHUNK = re.compile(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_LENGTH_BYTES = 0x7FFF0000
"""Chunk lengths from here on are placeholders, written by programs that streamed without knowing the end."""
_READABLE = "a WAV, FLAC, MP3, Ogg or AIFF file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundLimits:
    """Upper limits for a sound to read, so that a wrong file cannot exhaust the memory."""

    max_duration_s: float = 4 * 3600.0
    max_bytes: int = 2 << 30


DEFAULT_LIMITS = SoundLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundInfo:
    """Format and length of an audio file, from its header."""

    rate_hz: int
    n_channels: int
    n_samples: int
    container: str
    codec: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz


def describe_sound(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
) -> SoundInfo:
    """Read the header of an audio file without decoding the samples.

    Args:
        source: path or content of the file
        name: name of the sound in messages, in place of the path
        raises: class of the errors
        limits: largest file accepted

    Raises:
        HierbatchError: as `read_sound`, for faults that show without decoding.
    """
    with _open_sound(source, name, raises, limits) as file:
        return SoundInfo(
            rate_hz=file.samplerate,
            n_channels=file.channels,
            n_samples=file.frames,
            container=file.format,
            codec=file.subtype,
        )


def read_sound(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
    require_complete: bool = False,
) -> Waveform:
    """Read a whole sound at its own sampling rate, its channels averaged to mono.

    Args:
        source: path or content of the file
        name: name of the sound in messages, in place of the path
        raises: class of the errors
        limits: largest file and longest sound accepted
        require_complete: also fail on a truncated file, as far as its format records the length

    Raises:
        HierbatchError: the source is missing, is not a regular file, is not audio, exceeds `limits`, is empty, or
            contains samples that are not finite. The class is `raises`.
    """
    with _open_sound(source, name, raises, limits) as file:
        blocks = list(
            _checked_blocks(file, _display_name(source, name), raises, limits.max_duration_s, require_complete)
        )
        return Waveform(np.concatenate(blocks), file.samplerate)


def sound_blocks(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
    require_complete: bool = False,
) -> Iterator[Samples]:
    """Iterate over a mono sound block by block, for recordings too long to hold in memory.

    Args:
        source: path or content of the file
        name: name of the sound in messages, in place of the path
        raises: class of the errors
        limits: largest file and longest sound accepted
        require_complete: also fail on a truncated file, as far as its format records the length

    Shape:
        yields  [L]  up to 65,536 samples

    Raises:
        HierbatchError: as `read_sound`, once the iteration reaches the fault.
    """
    with _open_sound(source, name, raises, limits) as file:
        yield from _checked_blocks(file, _display_name(source, name), raises, limits.max_duration_s, require_complete)


def _checked_blocks(
    file: soundfile.SoundFile, shown: str, raises: type[HierbatchError], max_duration_s: float, require_complete: bool
) -> Iterator[Samples]:
    rate_hz, n_samples = file.samplerate, 0
    # The length in the header may be wrong (and is unknown in some streams), so the limit is enforced while reading.
    while len(block := file.read(_BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        n_samples += len(block)
        if n_samples > int(max_duration_s * rate_hz):
            raise raises(
                f"{shown} is too long",
                expected=f"at most {max_duration_s:g} s of sound",
                fix="split it into shorter files",
            )
        if not np.isfinite(block).all():
            raise raises(
                f"{shown} contains samples that are not finite",
                expected="finite samples",
                got="NaN or infinity",
                fix="export the file again",
            )
        yield block.mean(axis=1)
    if require_complete and (n_expected := _declared_length(file)) > n_samples:
        raise raises(
            f"{shown} is truncated",
            expected=f"{n_expected / rate_hz:.2f} s of sound",
            got=f"{n_samples / rate_hz:.2f} s",
            fix="copy or download the file again",
        )
    if not n_samples:
        raise raises(f"{shown} contains no sound", expected="at least one sample", fix="check the file")


class SoundEncoder:
    """Encode a sound that arrives in blocks; only the encoded bytes are kept in memory.

    Containers and codecs have libsndfile's names. In the integer codecs, samples beyond full scale are clipped rather
    than wrapped around.
    """

    def __init__(self, rate_hz: int, *, container: str = "FLAC", codec: str = "PCM_16") -> None:
        self._sink, self._clips = io.BytesIO(), codec.startswith("PCM")
        self._file = soundfile.SoundFile(self._sink, "w", rate_hz, 1, codec, format=container)

    def push(self, block: Samples) -> None:
        """Append a block of samples, shape [L]."""
        self._file.write(np.clip(block, -1.0, 1.0) if self._clips else block)

    def finish(self) -> bytes:
        """Content of the whole file. The encoder is closed and takes no further blocks."""
        self._file.close()
        return self._sink.getvalue()


def encode_sound(waveform: Waveform, *, container: str = "FLAC", codec: str = "PCM_16") -> bytes:
    """Encode a sound as the content of an audio file.

    Args:
        waveform: sound to encode
        container: file format, by its name in libsndfile
        codec: sample format, by its name in libsndfile
    """
    encoder = SoundEncoder(waveform.rate_hz, container=container, codec=codec)
    encoder.push(waveform.samples)
    return encoder.finish()


def write_sound(path: Path, waveform: Waveform, *, container: str = "FLAC", codec: str = "PCM_16") -> None:
    """Write an audio file atomically.

    Args:
        path: file to create or replace
        waveform: sound to write
        container: file format, by its name in libsndfile
        codec: sample format, by its name in libsndfile

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the path cannot be written.
    """
    content = encode_sound(waveform, container=container, codec=codec)
    with write_atomically(path) as temporary:
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise storage_error(error, path) from error


@contextmanager
def _open_sound(
    source: Path | bytes, name: str, raises: type[HierbatchError], limits: SoundLimits
) -> Iterator[soundfile.SoundFile]:
    shown = _display_name(source, name)
    try:
        n_bytes = len(source) if isinstance(source, bytes) else regular_file_size(source)
        if n_bytes > limits.max_bytes:
            raise raises(
                f"{shown} is too large",
                expected=f"at most {limits.max_bytes} bytes",
                got=f"{n_bytes} bytes",
                fix="split it into smaller files",
            )
        # Opened here, so that the file name cannot influence libsndfile and a missing file gives a clear error.
        stream = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        with stream, soundfile.SoundFile(stream) as file:
            yield file
    except OSError as error:
        raise raises(
            f"Cannot read {shown}", expected=_READABLE, got=error.strerror or str(error), fix="check the path"
        ) from error
    except soundfile.LibsndfileError as error:
        raise raises(
            f"{shown} is not a readable audio file",
            expected=_READABLE,
            got=error.error_string,
            fix="convert it to one of these formats",
        ) from error


def _declared_length(file: soundfile.SoundFile) -> int:
    """Number of samples declared in the header. libsndfile reports a truncated WAV or AIFF file only in its log."""
    found = _TRUNCATED_CHUNK.search(file.extra_info)
    if found is None or int(found[1]) >= _UNKNOWN_LENGTH_BYTES:
        return int(file.frames)
    return int(file.frames * int(found[1]) / max(1, int(found[2])))


def _display_name(source: Path | bytes, name: str) -> str:
    if name:
        return name
    return "The sound" if isinstance(source, bytes) else str(source)
