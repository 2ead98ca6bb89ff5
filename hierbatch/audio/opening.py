"""Checked reading of sounds: bounded in bytes and samples, finite, and complete if the caller asks for it.

The caller chooses the class of the errors, see `hierbatch.audio.files`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hierbatch.audio.channels import MAX_CHANNELS
from hierbatch.audio.decoded_sound import DecodedSound, DecodingError
from hierbatch.audio.decoding import READABLE, as_path, decoding_failure, open_decoder
from hierbatch.audio.mp3_frames import read_mp3_frames
from hierbatch.audio.packets import PacketTimes, read_packet_times
from hierbatch.audio.waveform import Samples
from hierbatch.errors import HierbatchError, InputError
from hierbatch.regular_file import regular_file_size

_MAX_RATE_HZ = 48_000
"""Highest sampling rate at which the limit on the duration applies in full; at higher rates, the maximum number of
samples is the same as at this rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundLimits:
    """Upper limits for a sound to read, so that a wrong file cannot exhaust the memory."""

    max_duration_s: float = 4 * 3600.0
    max_bytes: int = 2 << 30

    def max_samples(self, rate_hz: int) -> int:
        """Maximum number of samples per channel: `max_duration_s` at the rate, or at 48 kHz if the rate is higher."""
        return int(self.max_duration_s * min(rate_hz, _MAX_RATE_HZ))


DEFAULT_LIMITS = SoundLimits()


@contextmanager
def open_sound(
    source: Path | bytes,
    *,
    name: str = "",
    raises: type[HierbatchError] = InputError,
    limits: SoundLimits = DEFAULT_LIMITS,
    require_complete: bool = False,
) -> Iterator[DecodedSound]:
    """Open a sound for reading all its channels in blocks, which are checked on the way.

    Args and Raises: see `read_sound`; errors in the samples are raised when the iteration reaches them.
    """
    shown = name or ("The sound" if isinstance(source, bytes) else str(source))
    try:
        n_bytes = len(source) if isinstance(source, bytes) else regular_file_size(source)
        if n_bytes > limits.max_bytes:
            raise raises(
                f"{shown} is too large",
                expected=f"at most {limits.max_bytes} bytes",
                got=f"{n_bytes} bytes",
                fix="split it into smaller files",
            )
        with open_decoder(source) as sound:
            _check_format(sound, shown, raises)
            checked = _checked_blocks(sound, shown, raises, limits, source if require_complete else None)
            yield replace(sound, blocks=checked)
    except OSError as error:
        raise raises(
            f"Cannot read {shown}", expected=READABLE, got=error.strerror or str(error), fix="check the path"
        ) from error
    except DecodingError as error:
        raise decoding_failure(shown, str(error), raises) from error


def _check_format(sound: DecodedSound, shown: str, raises: type[HierbatchError]) -> None:
    if sound.n_channels > MAX_CHANNELS:
        raise raises(
            f"{shown} has too many channels",
            expected=f"at most {MAX_CHANNELS}",
            got=str(sound.n_channels),
            fix="mix it down",
        )


def _checked_blocks(
    sound: DecodedSound,
    shown: str,
    raises: type[HierbatchError],
    limits: SoundLimits,
    complete_source: Path | bytes | None,
) -> Iterator[Samples]:
    n_samples, max_samples = 0, limits.max_samples(sound.rate_hz)
    if sound.is_truncated and complete_source is not None:
        raise _truncated(shown, raises)
    for block in _whole_blocks(sound, shown, raises):
        n_samples += len(block)
        # The length in the header may be wrong (and is unknown in some streams), so the limit is enforced here.
        if n_samples > max_samples:
            raise raises(
                f"{shown} is too long",
                expected=f"at most {max_samples / sound.rate_hz:g} s of sound at {sound.rate_hz} Hz",
                fix="split it into shorter files",
            )
        if not np.isfinite(block).all():
            raise raises(
                f"{shown} contains samples that are not finite",
                expected="finite samples",
                got="NaN or infinity",
                fix="export the file again",
            )
        yield block
    if complete_source is not None and _is_incomplete(complete_source, sound, n_samples):
        raise _truncated(shown, raises)
    if not n_samples:
        raise raises(f"{shown} contains no sound", expected="at least one sample", fix="check the file")


def _whole_blocks(sound: DecodedSound, shown: str, raises: type[HierbatchError]) -> Iterator[Samples]:
    """Yield the decoded blocks that are not empty; a failure before the declared end is reported as truncation."""
    n_samples = 0
    try:
        for block in sound.blocks:
            n_samples += len(block)
            if len(block):
                yield block
    except DecodingError as error:
        if n_samples < sound.n_declared:
            raise _truncated(shown, raises) from error
        raise


def _truncated(shown: str, raises: type[HierbatchError]) -> HierbatchError:
    return raises(
        f"{shown} is truncated or damaged",
        expected="a file that is complete, as its own structure declares",
        got="an end before the declared end, more data after it, or frames that cannot be decoded",
        fix="copy or download the file again",
    )


def _is_incomplete(source: Path | bytes, sound: DecodedSound, n_samples: int) -> bool:
    """True if the decoder returned fewer samples than the headers of the file, or of its packets, declare."""
    if sound.n_declared:
        return n_samples < sound.n_declared
    if sound.codec:
        return False
    counted_s = count_undecoded(source, sound) / sound.rate_hz
    return PacketTimes(sound_s=counted_s, longest_gap_s=0.0).is_longer_than(n_samples / sound.rate_hz)


def count_undecoded(source: Path | bytes, sound: DecodedSound) -> int:
    """Count the samples per channel of a file from the headers of its frames or packets, without decoding them."""
    if sound.container == "mp3":
        return read_mp3_frames(io.BytesIO(source) if isinstance(source, bytes) else source).n_samples
    with as_path(source) as path:
        return round(read_packet_times(path).sound_s * sound.rate_hz)
