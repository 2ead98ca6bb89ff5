"""Whose voice takes whose place: one line for each file, speaker, or pattern of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa

from hierbatch.errors import ManifestError, SourceError
from hierbatch.manifest.schema import Column
from hierbatch.manifest.store import open_table

MAP_COLUMNS = (
    Column("file", pa.string(), "Path inside the folder, or a pattern such as `interviews/*`; empty is every file."),
    Column("speaker", pa.string(), "Name in the file's segments table; empty is whoever speaks."),
    Column("voice", pa.string(), "The target: a `voice` of the voices table."),
    Column("key", pa.string(), "`auto`, or empty: the target's own range; a number: semitones from the source."),
)

_MOST_SEMITONES = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLine:
    """One line; `key_semitones` is None for the target's own range."""

    file: str
    speaker: str
    voice: str
    key_semitones: float | None

    def fits(self, file: str, speaker: str) -> bool:
        return self.speaker in ("", speaker) and (not self.file or file == self.file or fnmatchcase(file, self.file))


def read_voice_map(path: Path, voices: Iterable[str]) -> tuple[MapLine, ...]:
    """The lines of a voice map.

    Raises:
        ManifestError: wrong columns, a voice that is not in the voices table, a key that is no number; all at once.
    """
    table = open_table(path, tuple(column for column in MAP_COLUMNS if column.name != "key"))
    problems = [*table.problems, *(() if "voice" in table.schema.names else ("column voice is missing",))]
    lines = []
    known = set(voices)
    for row in [] if problems else [row for batch in table.batches() for row in batch.to_pylist()]:
        if row["voice"] not in known:
            problems.append(f"voice {row['voice'] or '(none)'} is not in the voices table")
        try:
            key = _key(row.get("key"))
        except ValueError:
            problems.append(f"key {row.get('key')} is neither auto nor -24 to 24 semitones")
            continue
        lines.append(
            MapLine(
                file=row.get("file") or "",
                speaker=(row.get("speaker") or "").strip(),
                voice=row["voice"] or "",
                key_semitones=key,
            )
        )
    if not problems and not lines:
        problems.append("it holds no lines")
    if problems:
        raise ManifestError(
            f"{path} is no voice map", wanted=f"voices {', '.join(sorted(known)[:10])}", got="; ".join(problems[:10])
        )
    return tuple(lines)


def find_line(lines: Sequence[MapLine], file: str, speaker: str) -> MapLine:
    """The first line that fits a speaker of a file; raises SourceError where none does."""
    for line in lines:
        if line.fits(file, speaker):
            return line
    who = f"speaker {speaker} of {file}" if speaker else file
    raise SourceError(f"No voice is mapped to {who}", mend="add a line to the voice map")


def _key(text: object) -> float | None:
    if text is None or str(text).strip().lower() in ("", "auto"):
        return None
    value = float(str(text))
    if not abs(value) <= _MOST_SEMITONES:  # NaN too
        raise ValueError
    return value
