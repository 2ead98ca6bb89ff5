"""Voice map of a dubbing job: target voices by file, file pattern and speaker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pyarrow as pa

from hierbatch.errors import ManifestError, SourceError
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.tables.headers import missing_columns
from hierbatch.manifest.tables.store import open_table
from hierbatch.names import clean_name, name_key, nfc

MAP_COLUMNS = (
    Column(
        "file", pa.string(), "Path inside the folder, or a pattern such as `interviews/*`; empty matches every file."
    ),
    Column("speaker", pa.string(), "Name in the segments table of the file; empty matches every speaker."),
    Column("voice", pa.string(), "Target voice: a `voice` of the voices table."),
    Column(
        "key", pa.string(), "`auto` or empty: the pitch range of the target voice; a number: semitones from the source."
    ),
)

_MAX_SEMITONES = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMapEntry:
    """Entry of a voice map.

    `key_semitones` is the pitch shift from the source; if it is None, the target voice keeps its own pitch range.
    """

    file: str
    speaker: str
    voice: str
    key_semitones: float | None

    def fits(self, file: str, speaker: str) -> bool:
        """Return True if the entry applies to this speaker in this file; the names may be in any normalization form."""
        file, speaker = nfc(file), clean_name(speaker)
        return self.speaker in ("", speaker) and (not self.file or file == self.file or fnmatchcase(file, self.file))


def read_voice_map(path: Path, voices: Iterable[str]) -> tuple[VoiceMapEntry, ...]:
    """Read a voice map.

    Raises:
        ManifestError: wrong columns, no rows, a voice missing from the voices table, or an invalid key; all problems in
            one error.
    """
    table = open_table(path, tuple(column for column in MAP_COLUMNS if column.name != "key"))
    problems = [*table.problems, *missing_columns(table.schema.names, ("voice",))]
    lines = []
    known = set(voices)
    key_name = next((name for name in table.schema.names if name_key(name) == "key"), "key")
    for row in [] if problems else [row for batch in table.batches() for row in batch.to_pylist()]:
        if row["voice"] not in known:
            problems.append(f"voice {row['voice'] or '(none)'} is not in the voices table")
        try:
            key = _key(row.get(key_name))
        except ValueError:
            problems.append(f"key {row.get(key_name)} is neither auto nor -24 to 24 semitones")
            continue
        lines.append(
            VoiceMapEntry(
                file=row.get("file") or "",
                speaker=clean_name(row.get("speaker") or ""),
                voice=row["voice"] or "",
                key_semitones=key,
            )
        )
    if not problems and not lines:
        problems.append("the table has no rows")
    if problems:
        raise ManifestError(
            f"{path} is not a valid voice map",
            expected=f"voices {', '.join(sorted(known)[:10])}",
            got="; ".join(problems[:10]),
            fix="correct the table; manifests/README.md documents its columns",
        )
    return tuple(lines)


def find_entry(lines: Sequence[VoiceMapEntry], file: str, speaker: str) -> VoiceMapEntry:
    """First entry that matches a speaker of a file; raises SourceError if there is none.

    Args:
        lines: entries of the voice map, in order.
        file: path of the file inside the folder of recordings.
        speaker: name from the segments table; empty if there is none.
    """
    for line in lines:
        if line.fits(file, speaker):
            return line
    subject = f"speaker {speaker} of {file}" if speaker else file
    raise SourceError(f"No voice is mapped to {subject}", fix="add a row to the voice map")


def _key(text: object) -> float | None:
    if text is None or str(text).strip().lower() in ("", "auto"):
        return None
    value = float(str(text))
    if not abs(value) <= _MAX_SEMITONES:  # NaN too
        raise ValueError
    return value
