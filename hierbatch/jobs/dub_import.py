"""A folder of recordings and films to rows of a dubbing run: sound taken out, segments read, voices assigned."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.audio.files import describe_sound
from hierbatch.errors import InputError, RowError, SourceError
from hierbatch.export.media import AUDIO_SUFFIXES, VIDEO_CODECS, extract_sound
from hierbatch.manifest.schema import AUDIO, DUB_COLUMNS, Column, arrow_schema
from hierbatch.manifest.segments import SUFFIXES, Segment, check_segments, read_segments
from hierbatch.manifest.store import write_table
from hierbatch.manifest.voice_map import MapLine, find_line
from hierbatch.storage import write_whole

_SCHEMA = arrow_schema(
    [
        Column("id", pa.string(), "Made of the file's path."),
        Column("source", AUDIO, "The sound: the file itself, or what was taken out of it."),
        *DUB_COLUMNS,
        Column("file", pa.string(), "Path inside the folder."),
    ],
    "manifest",
)
_READ_AS_THEY_ARE = (".wav", ".flac", ".mp3", ".ogg", ".aiff", ".aif")


@dataclass(frozen=True, slots=True, kw_only=True)
class DubSources:
    """What of a folder can be dubbed, and why the rest cannot."""

    n_files: int
    rows: tuple[dict[str, Any], ...]
    refusals: dict[str, str]


def find_media(folder: Path) -> list[Path]:
    """Recordings and films of a folder and those below it, by name; hidden ones are left out.

    Raises:
        InputError: there is no such folder, or none of either in it.
    """
    if not folder.is_dir():
        raise InputError("There is no folder to dub", wanted="a folder of recordings or films", got=str(folder))
    suffixes = {*AUDIO_SUFFIXES, *VIDEO_CODECS}
    below = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    found = sorted(path for path in below if not any(p.startswith(".") for p in path.relative_to(folder).parts))
    if not found:
        raise InputError(f"{folder} holds nothing to dub", wanted=f"files ending in {', '.join(sorted(suffixes))}")
    return found


def import_media(
    folder: Path,
    lines: Sequence[MapLine],
    voice_sha256: Mapping[str, str],
    *,
    media: Sequence[Path],
    segments: Path | None,
    work: Path,
) -> DubSources:
    """Rows for all files that can be dubbed; sound that is not read as it is lies in `work` once and is found again.

    Raises:
        InputError: a line of the voice map names files that are not there.
        StorageError: the disk is full.
    """
    files = {path.relative_to(folder).as_posix(): path for path in media}
    idle = [line.file for line in lines if line.file and not any(line.fits(file, line.speaker) for file in files)]
    if idle:
        raise InputError(
            "Lines of the voice map fit no file", wanted=f"paths or patterns inside {folder}", got=", ".join(idle[:5])
        )
    rows: list[dict[str, Any]] = []
    refusals: dict[str, str] = {}
    for file, path in files.items():
        try:
            sound = path if path.suffix.lower() in _READ_AS_THEY_ARE else _taken_out(path, work / row_id(file))
            spoken = _segments_of(path, sound, segments)
            cast = [_entry(file, segment, lines, voice_sha256) for segment in spoken or (None,)]
            source = {"bytes": None, "path": str(sound.resolve())}
            rows.append({"id": row_id(file), "source": source, "cast": cast, "file": file})
        except RowError as error:
            refusals[file] = str(error)
    return DubSources(n_files=len(media), rows=tuple(rows), refusals=refusals)


def write_manifest(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """The manifest of a dubbing run."""
    write_table([pa.Table.from_pylist(list(rows), schema=_SCHEMA)], _SCHEMA, target)


def row_id(file: str) -> str:
    """A name for a file that is safe as a file name and its own: `a/b.wav` and `a-b.wav` get different ones."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", file).strip(".-_")[:100]
    return f"{safe or 'file'}-{hashlib.sha256(file.encode()).hexdigest()[:8]}"


def _taken_out(path: Path, stem: Path) -> Path:
    """The sound of a film; found again by the film's size and time, so that a changed one is taken out anew."""
    found = path.stat()
    state = hashlib.sha256(f"{found.st_size} {found.st_mtime_ns}".encode()).hexdigest()[:8]
    target = stem.with_name(f"{stem.name}-{state}.flac")
    if not target.exists():
        with write_whole(target) as aside:
            extract_sound(path, aside)
    return target


def _segments_of(path: Path, sound: Path, folder: Path | None) -> tuple[Segment, ...]:
    """Segments of the table that is named like the file, beside it or in `folder`; none where there is none."""
    info = describe_sound(sound, name=path.name, raises=SourceError)
    places = [(folder or path.parent) / f"{path.stem}{suffix}" for suffix in SUFFIXES]
    tables = [place for place in places if place.is_file()]
    if len(tables) > 1:
        raise SourceError(f"{path.name} has several segments tables", got=", ".join(table.name for table in tables))
    return check_segments(read_segments(tables[0]), info.duration_s, path.name) if tables else ()


def _entry(
    file: str,
    segment: Segment | None,
    lines: Sequence[MapLine],
    voice_sha256: Mapping[str, str],
) -> dict[str, Any]:
    line = find_line(lines, file, segment.speaker if segment else "")
    return {
        "speaker": segment.speaker if segment else "",
        "voice": line.voice,
        "voice_sha256": voice_sha256[line.voice],
        "key_semitones": line.key_semitones,
        "start_s": segment.start_s if segment else None,
        "end_s": segment.end_s if segment else None,
    }
