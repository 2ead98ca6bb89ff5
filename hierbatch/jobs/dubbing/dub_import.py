"""Import of a folder of recordings and films for dubbing: audio is extracted, segments read, voices assigned."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.audio.files import describe_sound
from hierbatch.constants import AUDIO_SUFFIXES
from hierbatch.delivery.media import AS_MATROSKA, VIDEO_CODECS, extract_sound, must_be_extracted
from hierbatch.errors import InputError, PromptError, RowError, SourceError
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.schema import AUDIO, DUB_COLUMNS, arrow_schema
from hierbatch.manifest.tables.parquet_writing import write_table
from hierbatch.manifest.tables.segments import SUFFIXES, Segment, check_segments, read_segments, settle_segments
from hierbatch.manifest.voices.voice_map import VoiceMapEntry, find_entry
from hierbatch.names import find_path, group_spellings, is_utf8, printable_name
from hierbatch.storage import write_atomically

_SCHEMA = arrow_schema(
    [
        Column("id", pa.string(), "Derived from the file's path."),
        Column("source", AUDIO, "Audio: the file itself, or the audio extracted from it."),
        *DUB_COLUMNS,
        Column("file", pa.string(), "Path relative to the folder."),
    ],
    "manifest",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DubSources:
    """Manifest rows of the files that can be dubbed, and the errors of the other files."""

    n_files: int
    rows: tuple[dict[str, Any], ...]
    errors: dict[str, str]
    """Error messages, keyed by file."""
    notices: tuple[str, ...] = ()
    """Messages, such as those on corrected segment tables."""


def find_media(folder: Path) -> list[Path]:
    """Find recordings and films in a folder and its subfolders, sorted by path; hidden files and folders are skipped.

    Raises:
        InputError: the folder does not exist or contains no media files.
    """
    if not folder.is_dir():
        raise InputError(
            "The folder to dub does not exist",
            expected="a folder of recordings or films",
            got=str(folder),
            fix="correct the path",
        )
    suffixes = {*AUDIO_SUFFIXES, *VIDEO_CODECS, *AS_MATROSKA}
    below = (path for path in folder.rglob("*") if path.suffix.lower() in suffixes and path.is_file())
    found = sorted(path for path in below if not any(p.startswith(".") for p in path.relative_to(folder).parts))
    if not found:
        raise InputError(
            f"{folder} contains no media files",
            expected=f"files ending in {', '.join(sorted(suffixes))}",
            fix="choose another folder",
        )
    return found


def import_media(
    folder: Path,
    lines: Sequence[VoiceMapEntry],
    voice_sha256: Mapping[str, str],
    *,
    media: Sequence[Path],
    segments: Path | None,
    work_folder: Path,
    track: str = "",
    unusable_voices: Mapping[str, PromptError] | None = None,
) -> DubSources:
    """Make a manifest row for each file that can be dubbed; audio is extracted from films.

    Args:
        folder: base folder of the file names.
        lines: entries of the voice map.
        voice_sha256: SHA-256 of the prompt of each voice.
        media: files to import, inside `folder`.
        segments: folder of segment tables; None searches for them next to the media files.
        work_folder: cache for audio extracted from formats that cannot be read directly.
        track: number or language of the sound track to dub, see `find_track`.
        unusable_voices: errors of voices without a usable prompt; files that need such a voice fail.

    Raises:
        InputError: an entry of the voice map matches no file.
        StorageError: the disk is full.
    """
    files = {path.relative_to(folder).as_posix(): path for path in media}
    unmatched = [line.file for line in lines if line.file and not any(line.fits(file, line.speaker) for file in files)]
    if unmatched:
        raise InputError(
            "Lines of the voice map match no file",
            expected=f"paths or patterns inside {folder}",
            got=", ".join(unmatched[:5]),
            fix="correct the column file",
        )
    rows: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    notices = [
        f"Files {', '.join(names)} differ only in the spelling of their names" for names in group_spellings(files)
    ]
    for file, path in files.items():
        try:
            _check_name(file, path)
            _check_inside(path, folder)
            audio = _audio_of(path, work_folder / row_id(file), track)
            spoken = _segments_of(path, audio, segments, notices)
            cast = [_entry(file, segment, lines, voice_sha256, unusable_voices or {}) for segment in spoken or (None,)]
            source = {"bytes": None, "path": str(audio.resolve())}
            rows.append({"id": row_id(file), "source": source, "cast": cast, "file": file})
        except RowError as error:
            errors[printable_name(file)] = printable_name(str(error))
    notices += _unused_speakers(lines, rows)
    return DubSources(n_files=len(media), rows=tuple(rows), errors=errors, notices=tuple(notices))


def _check_name(file: str, path: Path) -> None:
    if not is_utf8(str(path.resolve())):
        raise SourceError(
            "The file name is not valid UTF-8",
            expected="a name in UTF-8",
            got=printable_name(file),
            fix="rename the file",
        )


def _unused_speakers(lines: Sequence[VoiceMapEntry], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Message about speakers of the voice map who are in no file, and names that differ only in case; empty if none."""
    found = {entry["speaker"] for row in rows for entry in row["cast"] if entry["speaker"]}
    unused = dict.fromkeys(line.speaker for line in lines if line.speaker and line.speaker not in found)
    if not unused:
        return []
    alike = [f"; {' and '.join(names)} differ only in case" for names in group_spellings((*unused, *sorted(found)))]
    return [f"Speakers of the voice map that no file has: {', '.join(list(unused)[:10])}{''.join(alike[:5])}"]


def _check_inside(path: Path, folder: Path) -> None:
    """Check that a path is not a link out of the folder, since an untrusted folder must not expose other files.

    Raises:
        SourceError: the path leads out of the folder.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise SourceError(
            f"{path.name} is a link out of the folder",
            expected=f"a file inside {folder}",
            got=str(path.resolve()),
            fix="copy the file into the folder",
        )


def _audio_of(path: Path, stem: Path, track: str) -> Path:
    return _extract_audio(path, stem, track) if must_be_extracted(path, track) else path


def write_manifest(rows: Sequence[dict[str, Any]], target: Path) -> None:
    """Write the manifest of a dubbing run."""
    write_table([pa.Table.from_pylist(list(rows), schema=_SCHEMA)], _SCHEMA, target)


def row_id(file: str) -> str:
    """Unique row id that is safe as a file name; a hash distinguishes files such as `a/b.wav` and `a-b.wav`."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", file).strip(".-_")[:100]
    return f"{safe or 'file'}-{hashlib.sha256(file.encode()).hexdigest()[:8]}"


def _extract_audio(path: Path, stem: Path, track: str) -> Path:
    """Extract a sound track of a film to a FLAC file, unless the file exists and the film has not changed since."""
    stat = path.stat()
    state = hashlib.sha256(f"{stat.st_size} {stat.st_mtime_ns} {track}".encode()).hexdigest()[:8]
    target = stem.with_name(f"{stem.name}-{state}.flac")
    if not target.exists():
        with write_atomically(target) as temporary:
            extract_sound(path, temporary, track)
    return target


def _segments_of(path: Path, audio: Path, folder: Path | None, notices: list[str]) -> tuple[Segment, ...]:
    """Read the segment table named like the file, next to the file or in `folder`; empty if there is none.

    Small overlaps are corrected, and a message about them is added to `notices`.
    """
    info = describe_sound(audio, name=path.name, raises=SourceError)
    candidates = [find_path((folder or path.parent) / f"{path.stem}{suffix}") for suffix in SUFFIXES]
    tables = [candidate for candidate in candidates if candidate.is_file()]
    if len(tables) > 1:
        raise SourceError(
            f"{path.name} has several segment tables",
            got=", ".join(table.name for table in tables),
            fix="keep one of them",
        )
    if not tables:
        return ()
    settled = settle_segments(read_segments(tables[0]), info.duration_s, path.name)
    notices += settled.notices
    return check_segments(settled.segments, info.duration_s, path.name)


def _entry(
    file: str,
    segment: Segment | None,
    lines: Sequence[VoiceMapEntry],
    voice_sha256: Mapping[str, str],
    unusable_voices: Mapping[str, PromptError],
) -> dict[str, Any]:
    line = find_entry(lines, file, segment.speaker if segment else "")
    if line.voice in unusable_voices:
        raise unusable_voices[line.voice]
    return {
        "speaker": segment.speaker if segment else "",
        "voice": line.voice,
        "voice_sha256": voice_sha256[line.voice],
        "key_semitones": line.key_semitones,
        "start_s": segment.start_s if segment else None,
        "end_s": segment.end_s if segment else None,
    }
