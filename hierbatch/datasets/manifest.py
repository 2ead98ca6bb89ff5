"""Manifest of recordings as Parquet, CSV or JSON Lines: `id audio`, and optionally `speaker language text`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.datasets.rows import ListedRow, RecordingReference, RejectedRow
from hierbatch.errors import InputError
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.manifest.tables.store import TableFile, open_table

SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")
_ALTERNATIVES = {
    "audio": ("audio", "source", "path", "file_name"),
    "speaker": ("speaker", "voice", "speaker_id"),
    "text": ("text", "text_norm", "sentence", "transcription"),
}
"""Accepted names of each column, in order of preference; the first is the usual name."""
_COLUMNS = (
    *(Column(name, AUDIO, "") for name in _ALTERNATIVES["audio"]),
    *(Column(name, pa.string(), "") for key in ("speaker", "text") for name in _ALTERNATIVES[key]),
    Column("id", pa.string(), ""),
    Column("language", pa.string(), ""),
    Column("status", pa.string(), ""),
    Column("cer", pa.float64(), ""),
)


def read_manifest(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the rows of a table, or of all Parquet files at or below a folder; paths are relative to the table's folder.

    Raises:
        InputError: there is no table, or a table cannot be read or lacks the column `id` or `audio`.
    """
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*.parquet") if _is_visible(file))
    if not files:
        raise InputError("There is no table", expected="Parquet files", got=str(path), fix="correct the path")
    for file in files:
        yield from _read_table(file)


def _is_visible(file: Path) -> bool:
    return not file.name.startswith(".")


def _read_table(file: Path) -> Iterator[ListedRow | RejectedRow]:
    table = open_table(file, _COLUMNS)
    names = {key: _first(table, columns) for key, columns in _ALTERNATIVES.items()}
    missing = [key for key, found in (("id", _first(table, ("id",))), ("audio", names["audio"])) if found is None]
    if missing:
        raise InputError(
            f"{file} lacks {'a column' if len(missing) == 1 else 'columns'}: {', '.join(missing)}",
            expected="the columns id and audio (encoded audio or a path), and optionally speaker, language and text",
            got="; ".join(table.problems) or ", ".join(table.raw_schema.names) or "no columns",
            fix="add or rename the columns",
        )
    used = [name for name in dict.fromkeys((*names.values(), "id", "language", "status", "cer", "rejected_by")) if name]
    available = [name for name in used if name in table.valid_columns]
    for batch in table.batches(available):
        audio = batch.column(str(names["audio"]))
        others = batch.drop_columns([str(names["audio"])]).to_pylist()
        for row, sound in zip(others, audio, strict=True):  # one recording at a time as Python bytes
            yield _listed(row, sound.as_py(), names, file)


def _first(table: TableFile, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in table.valid_columns), None)


def _listed(
    row: dict[str, Any], sound: dict[str, Any] | None, names: dict[str, str | None], file: Path
) -> ListedRow | RejectedRow:
    row_id = row["id"] or ""
    if reason := _reason_to_leave_out(row):
        return RejectedRow(id=row_id or "a row", reason=f"The row of {file} is left out: {reason}.")
    content, path = (sound or {}).get("bytes"), (sound or {}).get("path")
    reference = RecordingReference(
        content=content, path=file.parent / path if content is None and path is not None else None
    )
    speaker, text = ((row.get(name) or "") if name else "" for name in (names["speaker"], names["text"]))
    return ListedRow(
        id=row_id,
        audio=reference,
        speaker=speaker or file.stem,
        language=row.get("language") or "",
        text=text,
        cer=row.get("cer"),
    )


def _reason_to_leave_out(row: dict[str, Any]) -> str:
    """Reason to leave a row out: no id, a failed take, or rejection by rules; empty to keep the row."""
    if not row["id"]:
        return "it has no id"
    if row.get("status") == "failed":
        return "its status is failed"
    rules = row.get("rejected_by")
    return f"it is rejected by {', '.join(rules)}" if isinstance(rules, list) and rules else ""
