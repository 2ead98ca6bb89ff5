"""Answers to the requests of the page, for one run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hierbatch.desk.book_view import book_title, chapter, contents, is_book
from hierbatch.desk.decisions import Decisions
from hierbatch.desk.row_view import planned_row, row_detail, take_words
from hierbatch.desk.run_view import RunState, RunView
from hierbatch.desk.take_index import StoredTake, parse_take_name
from hierbatch.desk.writer import Writer
from hierbatch.engine.run_folder import RunFolder, is_locked
from hierbatch.errors import InputError, RunError, VanishedError

_MAX_PLAYED = 500


class Desk:
    """One run at the desk: views of its newest state, and decisions about it."""

    def __init__(self, view: RunView, writer: Writer) -> None:
        self._view, self._writer = view, writer
        self._decisions = Decisions(view)
        self._name = view.layout.root.resolve().name

    def summary(self) -> dict[str, Any]:
        """Facts about the run that the page polls; `version` changes with its files."""
        state = self._view.state
        return {
            "version": state.version,
            "name": self._name,
            "title": book_title(state) or self._name,
            "is_book": is_book(state),
            "is_read_only": not self._writer.is_held(),
            "is_running": is_locked(RunFolder(self._view.layout.root)),
            "n_rows": state.takes.n_rows,
            "n_takes": len(state.takes),
            "n_undoable": self._decisions.n_undoable,
            "voices": self._voices(state),
        }

    def contents(self) -> dict[str, Any]:
        """Chapters with their sentences."""
        state = self._view.refreshed()
        return {"version": state.version, **(contents(state) if is_book(state) else {"chapters": []})}

    def chapter(self, number: int) -> dict[str, Any]:
        """Text of a chapter."""
        return self._again(lambda state: {"version": state.version, **chapter(state, number)})

    def row(self, row: str) -> dict[str, Any]:
        """Values, takes and history of a row."""
        return self._again(lambda state: row_detail(state, row))

    def words(self, row: str, take: str) -> list[list[Any]]:
        """Timed words of a take."""
        return self._again(lambda state: take_words(state, row, _find(state, row, take)))

    def audio(self, row: str, take: str) -> tuple[bytes, str]:
        """Encoded audio of a take and its media type."""
        found = self._again(lambda state: _find(state, row, take).read(["audio"]))["audio"]
        if not found or not found["bytes"]:
            raise RunError("The take has no audio", fix="choose another take")
        content = bytes(found["bytes"])
        return content, "audio/flac" if content[:4] == b"fLaC" else "audio/wav"

    def decide(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Record a verdict, an edit or a note."""
        self._check_writable()
        row_id = _row_id(wanted)
        state = self._view.state
        planned_row(state, row_id)
        if wanted.get("take") is not None:
            _find(state, row_id, str(wanted["take"]))
        self._decisions.decide(row_id, wanted)
        return row_detail(self._view.refreshed(), row_id)

    def mark_played(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Mark rows as played."""
        self._check_writable()
        ids = wanted.get("ids")
        if not isinstance(ids, list) or len(ids) > _MAX_PLAYED or not all(isinstance(name, str) for name in ids):
            raise InputError(
                "The list of ids is invalid", expected=f"at most {_MAX_PLAYED} texts", fix="reload the page"
            )
        known = set(self._view.state.facts)
        self._decisions.mark_played([name for name in ids if name in known])
        return {"version": self._view.refreshed().version}

    def undo(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Take back the latest decision of this desk."""
        self._check_writable()
        row_id = self._decisions.undo()
        return {"row": row_id, "version": self._view.refreshed().version}

    def close(self) -> None:
        """End the desk: release its lock and stop its threads."""
        self._writer.close()
        self._view.close()

    def _voices(self, state: RunState) -> list[str]:
        return self._view.voice_names(state)

    def _again(self, read: Any) -> Any:
        """Read from the newest state, once more if a file was compacted meanwhile."""
        try:
            return read(self._view.refreshed())
        except VanishedError:
            return read(self._view.refreshed())

    def _check_writable(self) -> None:
        if not self._writer.is_held():
            raise RunError(
                "This desk is read-only", fix="close the other desk of this run, or start without --read-only"
            )


def _row_id(wanted: Mapping[str, Any]) -> str:
    row_id = wanted.get("id")
    if not isinstance(row_id, str):
        raise InputError("The request names no row", expected="id", fix="reload the page")
    return row_id


def _find(state: RunState, row_id: str, name: str) -> StoredTake:
    take = parse_take_name(name)
    if take is None:
        raise InputError(
            "The request names no take", expected="the name of a take", got=name[:60], fix="reload the page"
        )
    return state.index.find(row_id, take)
