"""Source recordings of rows: headers are checked during planning, samples are decoded by the workers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.audio.files import SoundInfo, describe_sound
from hierbatch.errors import RowError, SetupError, SourceError
from hierbatch.manifest.columns.schema import AUDIO, PLAN_COLUMNS, SOURCE_COLUMNS
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.names import find_path
from hierbatch.stages.recordings import (
    SHORTEST_S,
    SOURCE_LIMITS,
    is_storable_rate,
    source_name,
    source_options,
    source_sha256,
    too_short,
)
from hierbatch.stages.takes import failure_reason

_LOWEST_HZ, _HIGHEST_HZ = 4_000, 192_000

_TYPES = {column.name: column.type for column in (*PLAN_COLUMNS, *SOURCE_COLUMNS)}


class ReadSource:
    """Stage that locates the recording of each row, hashes it, and reads its duration from the header.

    Paths are relative to `root` and must stay below it after links are resolved: a manifest from an untrusted source
    must not read arbitrary files. Wrong headers and other faults are found later, when the recording is decoded.
    """

    reads: ClassVar[tuple[str, ...]] = ("source",)
    writes: ClassVar[tuple[str, ...]] = (
        "source", "source_sha256", "text_norm", "expected_duration_s", "error_kind", "error",
    )  # fmt: skip

    def __init__(self, root: Path, unusable_voices: Mapping[str, RowError] | None = None) -> None:
        self._root = root
        self._unusable = unusable_voices or {}

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Check the recordings of rows, and add the columns in `writes`."""
        sources = rows.column("source").combine_chunks()
        voices = rows.column("voice").to_pylist() if "voice" in rows.column_names else [None] * len(rows)
        # One by one: audio inside the rows is in memory once, and only one row of it twice.
        results = [self._read(source.as_py(), voice) for source, voice in zip(sources, voices, strict=True)]
        columns = {
            name: pa.array([row[name] for row in results], _TYPES[name]) for name in self.writes if name in _TYPES
        }
        for name, column in (columns | {"source": _with_paths(sources, [row["path"] for row in results])}).items():
            rows = with_column(rows, name, column)
        return rows

    def _read(self, source: dict[str, Any] | None, voice: str | None) -> dict[str, Any]:
        sha256, duration_s, kind, error = None, 0.0, None, None
        try:
            source = self._resolved(source)
            content = source["bytes"] if source["bytes"] is not None else Path(source["path"])
            duration_s = _check_header(describe_sound(content, name=source_name(source), **source_options())).duration_s
            sha256 = source_sha256(content)
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
        """Return the source with its full path, or unchanged if it has bytes; raises SourceError."""
        if source is None or (source["bytes"] is None and not source["path"]):
            raise SourceError(
                "The row has no recording", expected="a path or bytes in the column source", fix="add a path"
            )
        if source["bytes"] is not None:
            return dict(source)
        return {"bytes": None, "path": resolve_source_path(self._root, source["path"])}


def resolve_source_path(root: Path, path: str) -> str:
    """Absolute path of a recording, in the Unicode form of the file's name on disk; the file need not exist.

    Raises:
        SourceError: the path is outside `root`, directly or through a link.
    """
    folder = os.path.abspath(root)
    found = str(find_path(Path(os.path.normpath(os.path.join(folder, path)))))
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
    """Part of the take key that identifies a recording: its content hash, plus the path if the row was rejected."""
    content: dict[str, Any] = {"source": row["source_sha256"]}
    if row["error_kind"]:
        content["refused"] = None if row["source"] is None else row["source"]["path"]
    return content


def _check_header(info: SoundInfo) -> SoundInfo:
    if not _LOWEST_HZ <= info.rate_hz <= _HIGHEST_HZ:
        raise SourceError(
            "The sample rate of the recording is out of range",
            expected=f"{_LOWEST_HZ} to {_HIGHEST_HZ} Hz",
            got=f"{info.rate_hz} Hz",
            fix="resample the recording",
        )
    if not is_storable_rate(info.rate_hz):
        raise SourceError(
            "The sample rate of the recording cannot be stored in FLAC",
            expected="a rate up to 65535 Hz, or a multiple of 10 Hz",
            got=f"{info.rate_hz} Hz",
            fix="resample the recording",
        )
    # Some streams have no length in the header; known lengths are checked before any work.
    if 0 < info.n_samples < SHORTEST_S * info.rate_hz:
        raise too_short("The recording", info.duration_s)
    longest_s = SOURCE_LIMITS.max_samples(info.rate_hz) / info.rate_hz
    if info.duration_s > longest_s:
        raise SourceError(
            "The recording is too long",
            expected=f"at most {longest_s / 3600:g} h at {info.rate_hz} Hz",
            got=f"{info.duration_s / 3600:.1f} h",
            fix="split it into shorter files",
        )
    return info
