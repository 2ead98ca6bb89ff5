"""Source recordings of rows: headers are checked during planning, samples are decoded by the workers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.audio.files import SoundInfo, SoundLimits, describe_sound, read_sound, sound_blocks
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import RowError, SetupError, SourceError
from hierbatch.manifest.schema import AUDIO, PLAN_COLUMNS, SOURCE_COLUMNS
from hierbatch.stages.takes import failure_reason
from hierbatch.storage import read_regular_file, regular_file_size

SOURCE_LIMITS = SoundLimits(max_duration_s=2 * 3600.0, max_bytes=2 << 30)
"""Limits of one recording: a conversion keeps the whole recording in memory."""

SHORTEST_S = 0.1
_LOWEST_HZ, _HIGHEST_HZ = 4_000, 192_000
_SILENT_PEAK = 10 ** (-70 / 20)

_TYPES = {column.name: column.type for column in (*PLAN_COLUMNS, *SOURCE_COLUMNS)}


class ReadSource:
    """Locates the recording of each row, hashes it, and reads its duration from the header.

    Paths are relative to `root` and must stay below it after resolving links: a manifest from someone else must not
    read arbitrary files. A header can be wrong; other faults are found when the recording is decoded.
    """

    reads: ClassVar[tuple[str, ...]] = ("source",)
    writes: ClassVar[tuple[str, ...]] = (
        "source", "source_sha256", "text_norm", "expected_duration_s", "error_kind", "error",
    )  # fmt: skip

    def __init__(self, root: Path, unusable_voices: Mapping[str, RowError] | None = None) -> None:
        self._root = root
        self._unusable = unusable_voices or {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Check the recordings of rows and add their columns."""
        sources = rows.column("source").combine_chunks()
        voices = rows.column("voice").to_pylist() if "voice" in rows.column_names else [None] * len(rows)
        # One by one: audio inside the rows is in memory once, and only one row of it twice.
        results = [self._read(source.as_py(), voice) for source, voice in zip(sources, voices, strict=True)]
        columns = {
            name: pa.array([row[name] for row in results], _TYPES[name]) for name in self.writes if name in _TYPES
        }
        for name, column in (columns | {"source": _with_paths(sources, [row["path"] for row in results])}).items():
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, name, column) if at >= 0 else rows.append_column(name, column)
        return rows

    def _read(self, source: dict[str, Any] | None, voice: str | None) -> dict[str, Any]:
        sha256, duration_s, kind, error = None, 0.0, None, None
        try:
            source = self._resolved(source)
            content = source["bytes"] if source["bytes"] is not None else Path(source["path"])
            duration_s = _check_header(describe_sound(content, name=source_name(source), **_SOURCE_OPTIONS)).duration_s
            sha256 = _sha256(content)
            if voice is not None and voice in self._unusable:
                raise self._unusable[voice]
        except SetupError:
            raise
        except Exception as problem:  # noqa: BLE001 - one row must never stop the others
            kind, error = failure_reason(problem)
        return {
            "path": source["path"] if source else None,
            "source_sha256": sha256,
            "text_norm": "",
            "expected_duration_s": 0.0 if kind else duration_s,
            "error_kind": kind,
            "error": error,
        }

    def _resolved(self, source: Mapping[str, Any] | None) -> dict[str, Any]:
        """Replace the path by the full path; bytes stay unchanged."""
        if source is None or (source["bytes"] is None and not source["path"]):
            raise SourceError(
                "The row has no recording", expected="a path or bytes in the column source", fix="add a path"
            )
        if source["bytes"] is not None:
            return dict(source)
        return {"bytes": None, "path": resolve_source_path(self._root, source["path"])}


def resolve_source_path(root: Path, path: str) -> str:
    """Full path of a recording; the file need not exist.

    Raises:
        SourceError: the path is outside `root`, directly or through a link.
    """
    folder = os.path.abspath(root)
    found = os.path.normpath(os.path.join(folder, path))
    real_folder = os.path.realpath(folder)
    if os.path.commonpath([real_folder, os.path.realpath(found)]) != real_folder:
        raise SourceError(
            "The recording is outside the source folder",
            expected=f"a path under {folder}",
            got=path,
            fix="pass the folder that contains all recordings with --source-root",
        )
    return found


def _with_paths(sources: pa.StructArray, paths: list[str | None]) -> pa.StructArray:
    """Replace the paths without copying the audio bytes."""
    sounds = pc.struct_field(sources, "bytes")
    return pa.StructArray.from_arrays(
        [sounds, pa.array(paths, pa.string())], fields=list(AUDIO), mask=sources.is_null()
    )


def source_identity(row: Mapping[str, Any]) -> dict[str, Any]:
    """Identity of a recording inside the take key: its content hash, plus the path if the row was rejected."""
    content: dict[str, Any] = {"source": row["source_sha256"]}
    if row["error_kind"]:
        content["refused"] = None if row["source"] is None else row["source"]["path"]
    return content


def open_source(content: bytes | None, path: str | None, sha256: str | None) -> Waveform:
    """Decode the recording of a planned row: mono, at its own sample rate.

    Args:
        content: encoded audio, or None to read the file.
        path: path of the file.
        sha256: hash from the plan; None skips the comparison.

    Raises:
        SourceError: the recording is missing, not a regular file, above `SOURCE_LIMITS`, changed since planning,
            damaged, truncated, silent, or shorter than 0.1 s.
    """
    source = {"bytes": content, "path": path}
    name = source_name(source)
    if content is None:
        try:
            content = read_regular_file(Path(path or ""), SOURCE_LIMITS.max_bytes)
        except OSError as error:
            raise SourceError(f"Cannot read {name}", got=error.strerror or str(error), fix="check the path") from error
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise _changed(name)
    sound = read_sound(content, name=name, require_complete=True, **_SOURCE_OPTIONS)
    if sound.duration_s < SHORTEST_S:
        raise _too_short(name, sound.duration_s)
    if float(np.abs(sound.samples).max()) < _SILENT_PEAK:
        raise _silent(name)
    return sound


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStream:
    """A checked recording that can be read in blocks of a few seconds."""

    rate_hz: int
    n_samples: int
    content: bytes | Path
    name: str
    state: tuple[int, ...]
    """File identity, size and time of change, to detect later modification."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.rate_hz

    def blocks(self) -> Iterator[Samples]:
        """Yield mono blocks at the recording's own rate; raises SourceError if the file has changed meanwhile."""
        yield from sound_blocks(self.content, name=self.name, require_complete=True, **_SOURCE_OPTIONS)
        if _state(self.content) != self.state:
            raise _changed(self.name)


def stream_source(content: bytes | None, path: str | None, sha256: str | None) -> SourceStream:
    """Check a recording that is too long for memory, for reading it in blocks; it is decoded twice.

    Args and Raises: see `open_source`.
    """
    name = source_name({"path": path})
    source = Path(path or "") if content is None else content
    try:
        state = _state(source)
        if sha256 and _sha256(source) != sha256:
            raise _changed(name)
    except OSError as error:
        raise SourceError(f"Cannot read {name}", got=error.strerror or str(error), fix="check the path") from error
    rate_hz = describe_sound(source, name=name, **_SOURCE_OPTIONS).rate_hz
    n_samples, peak = 0, 0.0
    for block in sound_blocks(source, name=name, require_complete=True, **_SOURCE_OPTIONS):
        n_samples, peak = n_samples + len(block), max(peak, float(np.abs(block).max()))
    stream = SourceStream(rate_hz=rate_hz, n_samples=n_samples, content=source, name=name, state=state)
    if stream.duration_s < SHORTEST_S:
        raise _too_short(name, stream.duration_s)
    if peak < _SILENT_PEAK:
        raise _silent(name)
    return stream


def _state(source: bytes | Path) -> tuple[int, ...]:
    if isinstance(source, bytes):
        return ()
    regular_file_size(source, SOURCE_LIMITS.max_bytes)
    found = source.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def source_name(source: Mapping[str, Any]) -> str:
    """Name of a recording for messages."""
    return source["path"] or "The recording"


_SOURCE_OPTIONS: dict[str, Any] = {"raises": SourceError, "limits": SOURCE_LIMITS}


def _check_header(info: SoundInfo) -> SoundInfo:
    if not _LOWEST_HZ <= info.rate_hz <= _HIGHEST_HZ:
        raise SourceError(
            "The sample rate of the recording is out of range",
            expected=f"{_LOWEST_HZ} to {_HIGHEST_HZ} Hz",
            got=f"{info.rate_hz} Hz",
            fix="resample the recording",
        )
    # Some streams have no length in the header; known lengths are checked before any work.
    if 0 < info.n_samples < SHORTEST_S * info.rate_hz:
        raise _too_short("The recording", info.duration_s)
    if info.duration_s > SOURCE_LIMITS.max_duration_s:
        raise SourceError(
            "The recording is too long",
            expected=f"at most {SOURCE_LIMITS.max_duration_s / 3600:g} h",
            got=f"{info.duration_s / 3600:.1f} h",
            fix="split it into shorter files",
        )
    return info


def _changed(name: str) -> SourceError:
    return SourceError(f"{name} has changed since the run was planned", fix="run again with --update")


def _silent(name: str) -> SourceError:
    return SourceError(f"{name} is silent", expected="sound", got="no sample above -70 dB", fix="use another recording")


def _too_short(name: str, duration_s: float) -> SourceError:
    got = f"{duration_s:.3f} s"
    return SourceError(
        f"{name} is too short", expected=f"at least {SHORTEST_S:g} s", got=got, fix="use a longer recording"
    )


def _sha256(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
