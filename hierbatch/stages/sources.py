"""Recordings as rows: looked at when a run is planned, decoded when a worker comes to them."""

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
from hierbatch.stages.failures import reason
from hierbatch.storage import read_regular, regular_size

SOURCE_LIMITS = SoundLimits(max_duration_s=2 * 3600.0, max_bytes=2 << 30)
"""What one row may bring at most: a conversion holds a whole recording in its memory."""

SHORTEST_S = 0.1
_LOWEST_HZ, _HIGHEST_HZ = 4_000, 192_000
_SILENT_PEAK = 10 ** (-70 / 20)

_TYPES = {column.name: column.type for column in (*PLAN_COLUMNS, *SOURCE_COLUMNS)}


class ReadSource:
    """Finds each row's recording, names it by its hash, and reads from its header how long it is.

    A path starts at `root` and stays under it, links followed: a manifest from elsewhere must not make a run read
    what is not its business. What a header says is only a claim; the rest shows when the recording is decoded.
    """

    reads: ClassVar[tuple[str, ...]] = ("source",)
    writes: ClassVar[tuple[str, ...]] = (
        "source", "source_sha256", "text_norm", "expected_duration_s", "error_kind", "error",
    )  # fmt: skip

    def __init__(self, root: Path, unusable_voices: Mapping[str, RowError] | None = None) -> None:
        self._root = root
        self._unusable = unusable_voices or {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        sources = rows.column("source").combine_chunks()
        voices = rows.column("voice").to_pylist() if "voice" in rows.column_names else [None] * len(rows)
        # One by one: what lies in the rows themselves is held once, and one row of it twice.
        read = [self._read(source.as_py(), voice) for source, voice in zip(sources, voices, strict=True)]
        columns = {name: pa.array([row[name] for row in read], _TYPES[name]) for name in self.writes if name in _TYPES}
        for name, column in (columns | {"source": _with_paths(sources, [row["path"] for row in read])}).items():
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(at, name, column) if at >= 0 else rows.append_column(name, column)
        return rows

    def _read(self, source: dict[str, Any] | None, voice: str | None) -> dict[str, Any]:
        sha256, duration_s, kind, error = None, 0.0, None, None
        try:
            source = self._resolved(source)
            content = source["bytes"] if source["bytes"] is not None else Path(source["path"])
            duration_s = _check_header(describe_sound(content, name=source_name(source), **_AS_SOURCE)).duration_s
            sha256 = _sha256(content)
            if voice is not None and voice in self._unusable:
                raise self._unusable[voice]
        except SetupError:
            raise
        except Exception as problem:  # noqa: BLE001 - one row must never stop its neighbours
            kind, error = reason(problem)
        return {
            "path": source["path"] if source else None,
            "source_sha256": sha256,
            "text_norm": "",
            "expected_duration_s": 0.0 if kind else duration_s,
            "error_kind": kind,
            "error": error,
        }

    def _resolved(self, source: Mapping[str, Any] | None) -> dict[str, Any]:
        """The same recording by its full path, or its bytes as they are."""
        if source is None or (source["bytes"] is None and not source["path"]):
            raise SourceError("The row names no recording", wanted="a path or bytes in the column source")
        if source["bytes"] is not None:
            return dict(source)
        return {"bytes": None, "path": locate_source(self._root, source["path"])}


def locate_source(root: Path, path: str) -> str:
    """The full path of a recording, which need not be there.

    Raises:
        SourceError: it leads out of `root`, by itself or by a link.
    """
    folder = os.path.abspath(root)
    found = os.path.normpath(os.path.join(folder, path))
    real_folder = os.path.realpath(folder)
    if os.path.commonpath([real_folder, os.path.realpath(found)]) != real_folder:
        raise SourceError(
            "The recording lies outside the folder of sources",
            wanted=f"a path under {folder}",
            got=path,
            mend="name the folder that holds all recordings with --source-root",
        )
    return found


def _with_paths(sources: pa.StructArray, paths: list[str | None]) -> pa.StructArray:
    """The same sound by other paths, and not copied."""
    sounds = pc.struct_field(sources, "bytes")
    return pa.StructArray.from_arrays(
        [sounds, pa.array(paths, pa.string())], fields=list(AUDIO), mask=sources.is_null()
    )


def identify_source(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row's recording is known by in its key: its content, or where it was looked for in vain."""
    content: dict[str, Any] = {"source": row["source_sha256"]}
    if row["error_kind"]:
        content["refused"] = None if row["source"] is None else row["source"]["path"]
    return content


def open_source(content: bytes | None, path: str | None, sha256: str | None) -> Waveform:
    """A planned row's recording, whole, channels averaged, at its own rate.

    Raises:
        SourceError: it is gone, no regular file, larger than `SOURCE_LIMITS`, has changed since it was planned, is
            damaged, cut off, silent, or shorter than 0.1 s.
    """
    source = {"bytes": content, "path": path}
    name = source_name(source)
    if content is None:
        try:
            content = read_regular(Path(path or ""), SOURCE_LIMITS.max_bytes)
        except OSError as error:
            raise SourceError(f"Cannot read {name}", got=error.strerror or str(error), mend="check the path") from error
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise _changed(name)
    sound = read_sound(content, name=name, is_whole=True, **_AS_SOURCE)
    if sound.duration_s < SHORTEST_S:
        raise _too_short(name, sound.duration_s)
    if float(np.abs(sound.samples).max()) < _SILENT_PEAK:
        raise _silent(name)
    return sound


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStream:
    """A planned row's recording that has been looked through once, and can be read some seconds at a time."""

    rate_hz: int
    n_samples: int
    content: bytes | Path
    name: str
    state: tuple[int, ...]
    """What tells that a file has not been written to since."""

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.rate_hz

    def blocks(self) -> Iterator[Samples]:
        """The recording, channels averaged, at its own rate; raises SourceError where it has changed meanwhile."""
        yield from sound_blocks(self.content, name=self.name, is_whole=True, **_AS_SOURCE)
        if _state(self.content) != self.state:
            raise _changed(self.name)


def stream_source(content: bytes | None, path: str | None, sha256: str | None) -> SourceStream:
    """The same as `open_source` for what is too long to be held: read twice, the first time to find what is wrong.

    Raises:
        SourceError: as `open_source`.
    """
    name = source_name({"path": path})
    source = Path(path or "") if content is None else content
    try:
        state = _state(source)
        if sha256 and _sha256(source) != sha256:
            raise _changed(name)
    except OSError as error:
        raise SourceError(f"Cannot read {name}", got=error.strerror or str(error), mend="check the path") from error
    rate_hz = describe_sound(source, name=name, **_AS_SOURCE).rate_hz
    n_samples, peak = 0, 0.0
    for block in sound_blocks(source, name=name, is_whole=True, **_AS_SOURCE):
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
    regular_size(source, SOURCE_LIMITS.max_bytes)
    found = source.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def source_name(source: Mapping[str, Any]) -> str:
    """What to call a recording in a message."""
    return source["path"] or "The recording"


_AS_SOURCE: dict[str, Any] = {"raises": SourceError, "limits": SOURCE_LIMITS}


def _check_header(info: SoundInfo) -> SoundInfo:
    if not _LOWEST_HZ <= info.rate_hz <= _HIGHEST_HZ:
        raise SourceError(
            "The recording's sampling rate is out of range",
            wanted=f"{_LOWEST_HZ} to {_HIGHEST_HZ} Hz",
            got=f"{info.rate_hz} Hz",
        )
    # Some streams do not say how long they are; what does is judged before any work.
    if 0 < info.n_samples < SHORTEST_S * info.rate_hz:
        raise _too_short("The recording", info.duration_s)
    if info.duration_s > SOURCE_LIMITS.max_duration_s:
        raise SourceError(
            "The recording is too long",
            wanted=f"at most {SOURCE_LIMITS.max_duration_s / 3600:g} h",
            got=f"{info.duration_s / 3600:.1f} h",
            mend="cut it into parts",
        )
    return info


def _changed(name: str) -> SourceError:
    return SourceError(f"{name} has changed since the run was planned", mend="run again with --update")


def _silent(name: str) -> SourceError:
    return SourceError(f"{name} is silent", wanted="sound", got="nothing above -70 dB")


def _too_short(name: str, duration_s: float) -> SourceError:
    return SourceError(f"{name} is too short", wanted=f"at least {SHORTEST_S:g} s", got=f"{duration_s:.3f} s")


def _sha256(content: bytes | Path) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
