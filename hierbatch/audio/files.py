"""Reading and writing sound, from paths or bytes, with a bound on what is taken in.

Reading raises the kind of error the caller names, since only the caller knows what the sound was for: a prompt
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
from hierbatch.storage import regular_size, storage_error, write_whole

_BLOCK_SAMPLES = 1 << 16
_CHUNK_CUT = re.compile(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_BYTES = 0x7FFF0000
"""From here on a chunk's length is what a program writes that streamed without knowing the end."""
_READABLE = "a WAV, FLAC, MP3, Ogg or AIFF file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundLimits:
    """How much sound is taken in at most, so that a wrong file cannot fill the memory."""

    max_duration_s: float = 4 * 3600.0
    max_bytes: int = 2 << 30


DEFAULT_LIMITS = SoundLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundInfo:
    """What a sound file's header says."""

    rate_hz: int
    n_channels: int
    n_samples: int
    container: str
    codec: str

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.rate_hz


def describe_sound(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
) -> SoundInfo:
    """What the header says, without decoding; raises as `read_sound` does."""
    with _opened(source, name, raises, limits) as file:
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
    is_whole: bool = False,
) -> Waveform:
    """The whole sound, channels averaged to one, at its own rate.

    `name` stands for bytes in messages. Raises `raises` where the source is missing, is no regular file, is not sound,
    is larger than `limits` allow, is empty, or holds values that are not finite; with `is_whole` also where its end is
    missing, as far as its format tells.
    """
    with _opened(source, name, raises, limits) as file:
        blocks = list(_checked_blocks(file, _shown(source, name), raises, limits.max_duration_s, is_whole))
        return Waveform(np.concatenate(blocks), file.samplerate)


def sound_blocks(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
    is_whole: bool = False,
) -> Iterator[Samples]:
    """The same some seconds at a time, for what is too long to be held; raises as it comes to what is wrong."""
    with _opened(source, name, raises, limits) as file:
        yield from _checked_blocks(file, _shown(source, name), raises, limits.max_duration_s, is_whole)


def _checked_blocks(
    file: soundfile.SoundFile, shown: str, raises: type[HierbatchError], max_duration_s: float, is_whole: bool
) -> Iterator[Samples]:
    rate_hz, n_samples = file.samplerate, 0
    # The header's length is only a claim (and unknown in some streams), so the bound is kept while reading.
    while len(block := file.read(_BLOCK_SAMPLES, dtype="float32", always_2d=True)):
        n_samples += len(block)
        if n_samples > int(max_duration_s * rate_hz):
            raise raises(f"{shown} is too long", wanted=f"at most {max_duration_s:g} s of sound")
        if not np.isfinite(block).all():
            raise raises(f"{shown} holds values that are not numbers", wanted="finite samples")
        yield block.mean(axis=1)
    if is_whole and (n_wanted := _claimed_length(file)) > n_samples:
        raise raises(
            f"{shown} is cut off",
            wanted=f"{n_wanted / rate_hz:.2f} s of sound",
            got=f"{n_samples / rate_hz:.2f} s",
            mend="copy or download the file again",
        )
    if not n_samples:
        raise raises(f"{shown} holds no sound", wanted="at least one sample")


class SoundEncoder:
    """Makes the bytes of a file of sound that comes in blocks, of which only the bytes are kept.

    Names of containers and codecs are libsndfile's. What passes full scale is clipped there, never wrapped.
    """

    def __init__(self, rate_hz: int, *, container: str = "FLAC", codec: str = "PCM_16") -> None:
        self._sink, self._clips = io.BytesIO(), codec.startswith("PCM")
        self._file = soundfile.SoundFile(self._sink, "w", rate_hz, 1, codec, format=container)

    def push(self, block: Samples) -> None:
        self._file.write(np.clip(block, -1.0, 1.0) if self._clips else block)

    def finish(self) -> bytes:
        """The whole file; nothing can be pushed any more."""
        self._file.close()
        return self._sink.getvalue()


def encode_sound(waveform: Waveform, *, container: str = "FLAC", codec: str = "PCM_16") -> bytes:
    """The sound as the bytes of a file, as `SoundEncoder` makes it."""
    encoder = SoundEncoder(waveform.rate_hz, container=container, codec=codec)
    encoder.push(waveform.samples)
    return encoder.finish()


def write_sound(path: Path, waveform: Waveform, *, container: str = "FLAC", codec: str = "PCM_16") -> None:
    """Write a sound file whole or not at all; raises StorageError or InputError."""
    content = encode_sound(waveform, container=container, codec=codec)
    with write_whole(path) as aside:
        try:
            aside.write_bytes(content)
        except OSError as error:
            raise storage_error(error, path) from error


@contextmanager
def _opened(
    source: Path | bytes, name: str, raises: type[HierbatchError], limits: SoundLimits
) -> Iterator[soundfile.SoundFile]:
    shown = _shown(source, name)
    try:
        n_bytes = len(source) if isinstance(source, bytes) else regular_size(source)
        if n_bytes > limits.max_bytes:
            raise raises(f"{shown} is too large", wanted=f"at most {limits.max_bytes} bytes", got=f"{n_bytes} bytes")
        # Opened by us, so that the name cannot steer libsndfile and a missing file speaks for itself.
        stream = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
        with stream, soundfile.SoundFile(stream) as file:
            yield file
    except OSError as error:
        raise raises(
            f"Cannot read {shown}", wanted=_READABLE, got=error.strerror or str(error), mend="check the path"
        ) from error
    except soundfile.LibsndfileError as error:
        raise raises(f"{shown} is not sound that can be read", wanted=_READABLE, got=error.error_string) from error


def _claimed_length(file: soundfile.SoundFile) -> int:
    """Samples the header speaks of; what is missing of WAV and AIFF libsndfile only notes in its log."""
    found = _CHUNK_CUT.search(file.extra_info)
    if found is None or int(found[1]) >= _UNKNOWN_BYTES:
        return int(file.frames)
    return int(file.frames * int(found[1]) / max(1, int(found[2])))


def _shown(source: Path | bytes, name: str) -> str:
    if name:
        return name
    return "The sound" if isinstance(source, bytes) else str(source)
