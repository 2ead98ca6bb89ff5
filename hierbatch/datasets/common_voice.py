"""Common Voice layout: tables such as `validated.tsv` with `client_id path sentence`, and recordings in `clips/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hierbatch.datasets.rows import ListedRow, RecordingReference, RejectedRow
from hierbatch.datasets.text_files import read_records
from hierbatch.errors import InputError

TABLES = ("validated.tsv", "train.tsv")
FOLDER = "clips"
_COLUMNS = ("client_id", "path", "sentence")
_N_SPEAKER_CHARACTERS = 16


def read_common_voice(path: Path) -> Iterator[ListedRow | RejectedRow]:
    """Read the rows of a Common Voice table; for a folder, the table is its `validated.tsv`, or else its `train.tsv`.

    Raises:
        InputError: there is no such table, it cannot be read, or it lacks a required column.
    """
    table = path if path.is_file() else next((path / name for name in TABLES if (path / name).is_file()), None)
    if table is None:
        raise InputError(
            f"{path} has no table of Common Voice", expected=" or ".join(TABLES), fix="pass the path of the table"
        )
    for number, record in read_records(table, _COLUMNS):
        name = record["path"]
        if not name or not record["client_id"]:
            yield RejectedRow(
                id=name or f"line {number}",
                reason=f"Line {number} of {table} is incomplete. Expected: client_id and path. Fix: correct the line.",
            )
            continue
        yield ListedRow(
            id=Path(name).stem,
            audio=RecordingReference(path=table.parent / FOLDER / name),
            speaker=record["client_id"][:_N_SPEAKER_CHARACTERS],  # a hash of 128 characters
            language=record.get("locale", ""),
            text=record["sentence"],
        )
