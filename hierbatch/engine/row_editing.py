"""Application of reviewers' edits to planned rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from hierbatch.engine.planning import TakeSettings
from hierbatch.errors import InputError
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.tables.table_columns import with_column
from hierbatch.stages.base import Stage
from hierbatch.stages.tasks import SPEAK


def edit_row(row: pa.Table, edit: RowEdit, settings: TakeSettings, read: Stage | None) -> pa.Table:
    """Apply an edit to a planned row; a text that was changed or rejected is phonemized again.

    Args:
        row: table with the planned row.
        edit: new text, phonemes, voice or speed.
        settings: take settings of the run.
        read: front-end stage, if the rows are texts; None if they are recordings.

    Raises:
        InputError: the edit does not fit the run, or the text cannot be spoken.
    """
    values = _changed_values(row, edit, settings)
    if "phonemes" in values or "text" not in values:
        row = _with_values(row, values)
    else:
        row = _with_values(row, {**values, "phonemes": None})
    row = _with_values(row, {"seed": None, "error_kind": None, "error": None})
    if read is None:
        return row
    if "text" not in row.column_names:  # of a manifest of phonemes
        row = row.append_column("text", pa.array([values.get("text")], pa.string()))
    row = read(row)
    if (kind := row.column("error_kind")[0].as_py()) is not None:
        raise InputError(
            f"The row {row.column('id')[0].as_py()} cannot be spoken",
            got=f"{kind}: {row.column('error')[0].as_py()}",
            fix="change the text",
        )
    return row


def _changed_values(row: pa.Table, edit: RowEdit, settings: TakeSettings) -> dict[str, Any]:
    """Values of an edit that differ from those of the row, by column; raises InputError if they do not fit the run."""
    current = row.to_pylist()[0]
    values = {name: value for name, value in edit.spoken.items() if value != current.get(name)}
    if settings.task != SPEAK.name and values:
        raise InputError(
            "Only rows with texts can be edited",
            expected="a request without an edit",
            got=", ".join(values),
            fix="request another take of the unedited row",
        )
    if (voice := values.get("voice")) and voice not in settings.voice_sha256:
        known = ", ".join(sorted(settings.voice_sha256))
        raise InputError(
            "The run has no such voice",
            expected=known,
            got=voice,
            fix="add it to the voices of the run, and run with --update",
        )
    return values


def _with_values(row: pa.Table, values: dict[str, Any]) -> pa.Table:
    for name, value in values.items():
        if name in row.column_names:
            row = with_column(row, name, pa.array([value], row.schema.field(name).type))
    return row
