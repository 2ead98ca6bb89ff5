"""Edits by reviewers that a new plan applies, so that a changed manifest or setting does not undo them.

The edit in force is that of the pinned take or, without one, of the take that was kept last; otherwise it is the latest
edit. An edit applies only to the text for which it was made: if the text in the manifest has changed since, the new
text is used unedited, and a notice names the row.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.decisions.choices import KEEP, RowChoices, TakeName, read_choices
from hierbatch.manifest.decisions.row_edits import RowEdit
from hierbatch.manifest.decisions.take_requests import RequestState, read_requests
from hierbatch.manifest.tables.table_columns import with_column

_MAX_SHOWN_IDS = 20


class EditsInForce:
    """Edits in force of a run, and the rows whose text has changed since their edit."""

    def __init__(self, run: Path) -> None:
        choices = read_choices(run)
        by_row: dict[str, list[RequestState]] = {}
        for state in read_requests(run).values() if len(choices) else ():
            by_row.setdefault(state.request.id, []).append(state)
        found = {row_id: _edit_in_force(choices.row(row_id), by_row.get(row_id, [])) for row_id in choices}
        self._edits = {row_id: edit for row_id, edit in found.items() if edit.spoken}
        self._conflicts: list[str] = []

    @property
    def notices(self) -> list[str]:
        """Messages about the rows whose edits were not applied; empty if all were applied."""
        if not self._conflicts:
            return []
        shown = ", ".join(self._conflicts[:_MAX_SHOWN_IDS]) + (", ..." if len(self._conflicts) > _MAX_SHOWN_IDS else "")
        return [
            f"{len(self._conflicts)} edits are not applied, because the manifest has another text than the one that "
            f"was edited: {shown}"
        ]

    def apply(self, rows: pa.Table) -> pa.Table:
        """Apply the edits to rows of a manifest; rows with a changed text are left unchanged and named in `notices`."""
        if not self._edits:
            return rows
        edited = pc.indices_nonzero(pc.is_in(rows.column("id"), value_set=pa.array(list(self._edits)))).to_pylist()
        names = ["id", "text", "phonemes", "voice", "speed"]
        listed = rows.select(names).take(pa.array(edited, pa.int64())).to_pylist()
        values = {at: self._apply(row) for at, row in zip(edited, listed, strict=True)}
        for name in names[1:] if values else ():
            column = rows.column(name)
            merged = [values[at][name] if at in values else value for at, value in enumerate(column.to_pylist())]
            rows = with_column(rows, name, pa.array(merged, column.type))
        return rows

    def _apply(self, row: dict[str, Any]) -> dict[str, Any]:
        edit = self._edits[row["id"]]
        current = row["text"] or row["phonemes"]
        if edit.base_text is not None and current not in (edit.base_text, edit.text):
            self._conflicts.append(row["id"])
            return row
        changed = {name: value for name, value in edit.spoken.items() if value != row[name]}
        if "text" in changed and "phonemes" not in changed:
            changed["phonemes"] = None
        return row | changed


def _edit_in_force(row: RowChoices, requests: list[RequestState]) -> RowEdit:
    """Edit of the pinned take or, without one, of the take that was kept last; without either, the latest edit."""
    by_take = {take: state for state in requests for take in state.takes}
    kept = [take for take, verdict in row.verdicts.items() if verdict == KEEP]
    take: TakeName | None = row.pinned or (kept[-1] if kept else None)
    if take not in by_take:
        return RowEdit() if take else row.edit
    return _from_manifest(by_take[take], requests)


def _from_manifest(state: RequestState, requests: list[RequestState]) -> RowEdit:
    """Merge the edit of a request with the edits that preceded it, so that the result applies to the manifest.

    Args:
        state: the request.
        requests: all requests for the row, in order.
    """
    edit = replace(state.request.edit, base_text=state.base_text)
    for earlier in reversed(requests[: requests.index(state)]):
        before = earlier.request.edit
        if edit.base_text is not None and edit.base_text == before.text != earlier.base_text:
            inherited = {name: value for name, value in before.spoken.items() if getattr(edit, name) is None}
            if edit.text is not None:
                inherited.pop("phonemes", None)
            edit = replace(edit, **inherited, base_text=earlier.base_text)
    return edit
