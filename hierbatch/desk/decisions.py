"""Decisions made at the review desk: appended to the run, and undone by appending their inverses."""

from __future__ import annotations

import getpass
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hierbatch.desk.run_view import RunView
from hierbatch.desk.take_names import parse_take_name
from hierbatch.errors import InputError
from hierbatch.manifest.decisions.choices import CLEAR, PIN, Choice, RowChoices, append_choice
from hierbatch.manifest.decisions.row_edits import RowEdit

_MAX_UNDONE = 500
_EDITABLE = ("text", "phonemes", "voice", "speed", "pause_after_s")


class Decisions:
    """Decisions of one desk, with the inverse of each, so that they can be undone in reverse order."""

    def __init__(self, view: RunView) -> None:
        self._view = view
        self.who = _user_name()
        self._lock = threading.Lock()
        self._inverses: deque[tuple[Choice, ...]] = deque(maxlen=_MAX_UNDONE)

    @property
    def n_undoable(self) -> int:
        """Number of decisions that can be undone."""
        return len(self._inverses)

    def decide(self, row_id: str, wanted: Mapping[str, Any]) -> None:
        """Append one decision.

        Args:
            row_id: id of the row; the caller has checked that it exists.
            wanted: values sent by the page: `take`, `verdict`, `note`, `pause_after_s` (None: that of the manifest).

        Raises:
            InputError: a value is invalid.
            StorageError: the disk is full.
        """
        name = _text(wanted, "take")
        take = None if name is None else parse_take_name(name)
        choice = Choice(
            id=row_id,
            take_key=take[0] if take else None,
            attempt=take[1] if take else None,
            verdict=_text(wanted, "verdict"),
            note=_text(wanted, "note"),
            who=self.who,
        )
        with self._lock:
            before = self._view.refreshed().choices.row(row_id)
            if "pause_after_s" in wanted:
                choice = replace(choice, edit=replace(before.edit, pause_after_s=read_pause(wanted)))
            self._append(choice)
            if inverse := tuple(_inverse(choice, before)):
                self._inverses.append(inverse)

    def mark_played(self, row_ids: Sequence[str]) -> None:
        """Mark rows as played, except those already marked."""
        state = self._view.state
        for row_id in row_ids:
            if not state.choices.row(row_id).is_listened:
                self._append(Choice(id=row_id, listened=True, who=self.who))

    def undo(self) -> str | None:
        """Undo the latest decision of this desk.

        Returns:
            Id of the row that the decision was about; None if there is nothing to undo.
        """
        with self._lock:
            if not self._inverses:
                return None
            for choice in self._inverses.pop():
                self._append(replace(choice, who=self.who))
            return choice.id

    def _append(self, choice: Choice) -> None:
        append_choice(self._view.layout.root, choice)


def _inverse(choice: Choice, before: RowChoices) -> list[Choice]:
    """Decisions that restore the state before `choice`."""
    restored = []
    if choice.verdict is not None and choice.take is not None:
        key, attempt = choice.take
        verdict = before.verdicts.get(choice.take, CLEAR)
        restored.append(Choice(id=choice.id, take_key=key, attempt=attempt, verdict=verdict))
        if choice.verdict == PIN and before.pinned not in (None, choice.take):
            pinned_key, pinned_attempt = before.pinned or ("", 0)
            restored.append(Choice(id=choice.id, take_key=pinned_key, attempt=pinned_attempt, verdict=PIN))
    if choice.edit is not None:
        restored.append(Choice(id=choice.id, edit=before.edit))
    if choice.note is not None:
        restored.append(Choice(id=choice.id, note=before.note))
    return restored


def read_edit(wanted: Any) -> RowEdit:
    """Parse the edit of a row that the page sent; raises InputError."""
    if not isinstance(wanted, Mapping):
        raise InputError("The edit is not an object", fix="reload the page")
    values = {name: wanted[name] for name in (*_EDITABLE, "base_text") if wanted.get(name) is not None}
    for name in ("speed", "pause_after_s"):
        if name in values and (isinstance(values[name], bool) or not isinstance(values[name], int | float)):
            raise InputError(f"The value of {name} is not a number", got=repr(values[name])[:40], fix="change it")
    return RowEdit(**values)


def read_pause(wanted: Mapping[str, Any]) -> float | None:
    """Parse the pause after a row that the page sent; raises InputError."""
    return read_edit({"pause_after_s": wanted.get("pause_after_s")}).pause_after_s


def _text(wanted: Mapping[str, Any], name: str) -> str | None:
    value = wanted.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"The value of {name} is not a text", got=repr(value)[:40], fix="reload the page")
    return value


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have no name for its user
        return ""
