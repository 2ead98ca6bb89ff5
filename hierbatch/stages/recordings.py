"""Decoding of source recordings to mono by the workers, with checks of size, completeness and later changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hierbatch.audio.channels import SoundScan
from hierbatch.audio.files import mono_blocks, read_scanned, scan_sound
from hierbatch.audio.opening import SoundLimits
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import SourceError
from hierbatch.regular_file import regular_file_size

SOURCE_LIMITS = SoundLimits(max_duration_s=2 * 3600.0, max_bytes=2 << 30)
"""Limits of one recording, which bound the memory and time of a conversion."""

SHORTEST_S = 0.1
_SILENT_PEAK = 10 ** (-70 / 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSource:
    """A decoded recording: a mono mix of the channels that contain speech, and flags for defects of the recording."""

    waveform: Waveform
    flags: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.waveform.duration_s


def open_source(content: bytes | None, path: str | None, sha256: str | None) -> Waveform:
    """Decode the recording of a planned row to mono, at its own sample rate; see `read_source`."""
    return read_source(content, path, sha256).waveform


def read_source(content: bytes | None, path: str | None, sha256: str | None) -> DecodedSource:
    """Decode the recording of a planned row, and flag its defects.

    Args:
        content: encoded audio, or None to read the file.
        path: path of the file.
        sha256: hash from the plan; None skips the comparison.

    Raises:
        SourceError: the recording is missing, not a regular file, above `SOURCE_LIMITS`, changed since planning,
            damaged, truncated, silent, or shorter than 0.1 s.
    """
    name = source_name({"path": path})
    source: bytes | Path = Path(path or "") if content is None else content
    state = _checked_state(source, sha256, name)
    scan, waveform = read_scanned(source, name=name, require_complete=True, **source_options())
    if _checked_state(source, None, name) != state:
        raise _changed(name)
    return DecodedSource(waveform=waveform, flags=_source_flags(_check_scan(scan, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStream:
    """A checked recording that can be read in blocks of a few seconds."""

    scan: SoundScan
    content: bytes | Path
    name: str
    state: tuple[int, ...]
    """File identity, size and time of change, to detect later modification."""

    @property
    def rate_hz(self) -> int:
        """Sampling rate in Hz."""
        return self.scan.rate_hz

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self.scan.n_samples

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags of defects of the recording."""
        return _source_flags(self.scan)

    def blocks(self) -> Iterator[Samples]:
        """Yield mono blocks at the recording's own rate; raises SourceError if the file has changed meanwhile."""
        yield from mono_blocks(self.content, self.scan, name=self.name, **source_options())
        if _state(self.content) != self.state:
            raise _changed(self.name)


def stream_source(content: bytes | None, path: str | None, sha256: str | None) -> SourceStream:
    """Check a recording that is too long for memory and open it for reading in blocks, which decodes it again.

    The arguments and the errors are those of `read_source`.
    """
    name = source_name({"path": path})
    source = Path(path or "") if content is None else content
    state = _checked_state(source, sha256, name)
    scan = _check_scan(scan_sound(source, name=name, require_complete=True, **source_options()), name)
    return SourceStream(scan=scan, content=source, name=name, state=state)


def _check_scan(scan: SoundScan, name: str) -> SoundScan:
    if scan.n_samples < SHORTEST_S * scan.rate_hz:
        raise too_short(name, scan.n_samples / scan.rate_hz)
    if scan.peak < _SILENT_PEAK:
        raise _silent(name)
    return scan


def _source_flags(scan: SoundScan) -> tuple[str, ...]:
    found = {"source_clipped": scan.is_clipped, "opposite_channels": scan.mix.has_opposite_channels}
    return tuple(name for name, is_set in found.items() if is_set)


def _checked_state(source: bytes | Path, sha256: str | None, name: str) -> tuple[int, ...]:
    """State of a recording, to detect later changes; raises SourceError if its hash differs from that in the plan."""
    try:
        state = _state(source)
        if sha256 and source_sha256(source) != sha256:
            raise _changed(name)
    except OSError as error:
        raise SourceError(f"Cannot read {name}", got=error.strerror or str(error), fix="check the path") from error
    return state


def _state(source: bytes | Path) -> tuple[int, ...]:
    if isinstance(source, bytes):
        return ()
    regular_file_size(source, SOURCE_LIMITS.max_bytes)
    found = source.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def source_name(source: Mapping[str, Any]) -> str:
    """Name of a recording for error messages: its path, or `The recording` if it has none."""
    return source["path"] or "The recording"


def source_options() -> dict[str, Any]:
    """Keyword arguments for reading users' recordings: the class of errors and the limits."""
    return {"raises": SourceError, "limits": SOURCE_LIMITS}


def is_storable_rate(rate_hz: int) -> bool:
    """True if the header of a FLAC frame can store a sampling rate (RFC 9639, section 9.1.2)."""
    return rate_hz <= 65_535 or rate_hz % 10 == 0


def _changed(name: str) -> SourceError:
    return SourceError(f"{name} has changed since the run was planned", fix="run again with --update")


def _silent(name: str) -> SourceError:
    return SourceError(f"{name} is silent", expected="sound", got="no sample above -70 dB", fix="use another recording")


def too_short(name: str, duration_s: float) -> SourceError:
    """Error for a recording that is shorter than `SHORTEST_S`."""
    got = f"{duration_s:.3f} s"
    return SourceError(
        f"{name} is too short", expected=f"at least {SHORTEST_S:g} s", got=got, fix="use a longer recording"
    )


def source_sha256(content: bytes | Path) -> str:
    """SHA-256 of a recording, given its content or path."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
