"""Reading of audio files from paths or bytes with limits on size and duration, and atomic writing of audio files.

The caller chooses the class of the errors, since only the caller knows the purpose of the sound: a prompt
(PromptError), a recording to convert (SourceError), or a file given on the command line (InputError).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path

import numpy as np
import soundfile

from hierbatch.audio.channels import ChannelMeter, SoundScan
from hierbatch.audio.encoding_sink import EncodingSink
from hierbatch.audio.opening import DEFAULT_LIMITS, SoundLimits, count_undecoded, open_sound
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import HierbatchError, InputError
from hierbatch.storage import storage_error, write_atomically

_MAX_KEPT_SAMPLES = 32 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundInfo:
    """Format and length of an audio file, as found without decoding."""

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
    """Read the format and the length of an audio file without decoding the samples.

    Args:
        source: path or content of the file.
        name: name of the sound in error messages, instead of the path.
        raises: class of the errors.
        limits: largest file accepted.

    Raises:
        HierbatchError: as in `read_sound`, for faults that can be found without decoding.
    """
    with open_sound(source, name=name, raises=raises, limits=limits) as sound:
        n_samples = sound.n_declared or count_undecoded(source, sound)
        return SoundInfo(
            rate_hz=sound.rate_hz,
            n_channels=sound.n_channels,
            n_samples=n_samples,
            container=sound.container.upper(),
            codec=sound.codec,
        )


def read_sound(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
    require_complete: bool = False,
) -> Waveform:
    """Read a whole sound at its own sampling rate, and mix the channels that hold the speech to mono.

    Args:
        source: path or content of the file.
        name: name of the sound in error messages, instead of the path.
        raises: class of the errors.
        limits: largest file and longest sound accepted.
        require_complete: True to also fail on a truncated file, as far as its format records the length.

    Raises:
        HierbatchError: the source is missing, is not a regular file, is not audio, exceeds `limits`, is empty,
            contains samples that are not finite, or is truncated (if `require_complete`). The class is `raises`.
    """
    return read_scanned(source, name=name, raises=raises, limits=limits, require_complete=require_complete)[1]


def read_scanned(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
    require_complete: bool = False,
) -> tuple[SoundScan, Waveform]:
    """Read a whole sound as `read_sound` does; return the measurements of its channels, and the sound.

    Args and Raises: see `read_sound`.
    """
    kept: list[Samples] | None = []
    n_kept = 0
    with open_sound(source, name=name, raises=raises, limits=limits, require_complete=require_complete) as sound:
        meter = ChannelMeter(sound.rate_hz, sound.n_channels, sound.channel_mask)
        for block in sound.blocks:
            meter.push(block)
            n_kept += block.size
            if n_kept > _MAX_KEPT_SAMPLES:
                kept = None  # decoded again, so that long recordings are in memory once
            if kept is not None:
                kept.append(block)
    scan = meter.scan()
    if kept is None:
        return scan, _mix_sound(source, scan, name=name, raises=raises, limits=limits)
    return scan, Waveform(np.concatenate([scan.mix.mono(block) for block in kept]), scan.rate_hz)


def scan_sound(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
    require_complete: bool = False,
) -> SoundScan:
    """Decode a sound once to measure its length, its peak, and the channels that hold the speech.

    Args and Raises: see `read_sound`.
    """
    with open_sound(source, name=name, raises=raises, limits=limits, require_complete=require_complete) as sound:
        meter = ChannelMeter(sound.rate_hz, sound.n_channels, sound.channel_mask)
        for block in sound.blocks:
            meter.push(block)
        return meter.scan()


def mono_blocks(
    source: Path | bytes,
    scan: SoundScan,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
) -> Iterator[Samples]:
    """Iterate over the mono mix of a sound, for recordings too long to hold in memory.

    `scan` is the result of `scan_sound`, with the weights of the mix. Other Args and Raises: see `read_sound`.

    Shape:
        yields  [L]
    """
    with open_sound(source, name=name, raises=raises, limits=limits) as sound:
        for block in sound.blocks:
            yield scan.mix.mono(block)


class SoundEncoder:
    """Encoder of a sound that arrives in blocks; only the encoded bytes are kept.

    Containers and codecs have libsndfile's names. In the integer codecs, samples beyond full scale are clipped rather
    than wrapped around.
    """

    def __init__(
        self,
        rate_hz: int,
        *,
        container: str = "FLAC",
        codec: str = "PCM_16",
        comment: str = "",
        in_memory: bool = True,
    ) -> None:
        """Start a file.

        Args:
            rate_hz: sampling rate.
            container: file format, by its name in libsndfile.
            codec: sample format, by its name in libsndfile.
            comment: comment tag of the file.
            in_memory: True to keep even a long sound in memory; False to move a long sound to a temporary file.
        """
        self._sink, self._clips = EncodingSink(in_memory=in_memory), codec.startswith("PCM")
        self._file = soundfile.SoundFile(self._sink, "w", rate_hz, 1, codec, format=container)
        if comment:
            self._file.comment = comment

    def push(self, block: Samples) -> None:
        """Append a block of samples, shape [L]."""
        self._file.write(np.clip(block, -1.0, 1.0) if self._clips else block)

    def finish(self) -> bytes | mmap:
        """Close the encoder and return the content of the whole file; no further blocks can be pushed.

        Raises:
            StorageError: the temporary file cannot be written, for example because the disk is full.
        """
        self._file.close()
        return self._sink.content()


def encode_sound(waveform: Waveform, *, container: str = "FLAC", codec: str = "PCM_16", comment: str = "") -> bytes:
    """Encode a sound as the content of an audio file.

    Args:
        waveform: sound to encode.
        container: file format, by its name in libsndfile.
        codec: sample format, by its name in libsndfile.
        comment: comment tag of the file.
    """
    encoder = SoundEncoder(waveform.rate_hz, container=container, codec=codec, comment=comment)
    encoder.push(waveform.samples)
    return bytes(encoder.finish())


def write_sound(
    path: Path, waveform: Waveform, *, container: str = "FLAC", codec: str = "PCM_16", comment: str = ""
) -> None:
    """Write an audio file atomically.

    Args:
        path: file to create or replace.
        waveform: sound to write.
        container: file format, by its name in libsndfile.
        codec: sample format, by its name in libsndfile.
        comment: comment tag of the file.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the path cannot be written.
    """
    content = encode_sound(waveform, container=container, codec=codec, comment=comment)
    with write_atomically(path) as temporary:
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise storage_error(error, path) from error


def _mix_sound(
    source: Path | bytes, scan: SoundScan, *, name: str, raises: type[HierbatchError], limits: SoundLimits
) -> Waveform:
    samples = np.zeros(scan.n_samples, np.float32)
    n_done = 0
    for block in mono_blocks(source, scan, name=name, raises=raises, limits=limits):
        samples[n_done : n_done + len(block)] = block[: len(samples) - n_done]
        n_done += len(block)
    return Waveform(samples, scan.rate_hz)
