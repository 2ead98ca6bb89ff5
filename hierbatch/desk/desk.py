"""Request handlers of the review desk, for one run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hierbatch.desk.audit import MAX_ROWS, Audit, new_seed
from hierbatch.desk.book_view import book_title, chapter, contents, is_book
from hierbatch.desk.corpus_table import CorpusTable
from hierbatch.desk.decisions import Decisions, read_edit
from hierbatch.desk.respeak_thread import RespeakThread
from hierbatch.desk.respelling import respelled_phonemes
from hierbatch.desk.row_view import planned_row, row_detail, take_words
from hierbatch.desk.run_view import RunState, RunView
from hierbatch.desk.table_query import TableQuery
from hierbatch.desk.take_names import find_take
from hierbatch.desk.word_doubts import WordDoubts
from hierbatch.desk.word_list import WordList
from hierbatch.desk.writer import Writer
from hierbatch.engine.run_folder import RunFolder, is_locked
from hierbatch.errors import InputError, RunError, VanishedError
from hierbatch.manifest.decisions.take_requests import TakeRequest

_MAX_PLAYED = 500


class Desk:
    """Review desk of one run: views of the newest state of the run, and decisions about its takes.

    Results are JSON values for the page. An object's `version` changes whenever the files of the run do.

    `wanted` is an object of values that the page sends. All methods raise InputError for an invalid value, RunError for
    a row or take that the run lacks, and RunError for a change while the desk is read-only or makes no takes.
    """

    def __init__(self, view: RunView, writer: Writer, respeak: RespeakThread | None = None) -> None:
        """Create the desk.

        Args:
            view: snapshots of the run.
            writer: write lock of the run's decisions; the desk is read-only while it does not hold the lock.
            respeak: thread that makes new takes; None for a desk without a model.
        """
        self._view, self._writer, self._respeak = view, writer, respeak
        self._decisions = Decisions(view)
        path = view.layout.root.resolve()
        self._name = path.name
        self._key = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._table = CorpusTable()
        self._doubts = WordDoubts(view.renew)
        self._words = WordList(RunFolder(view.layout.root))
        self._audit: Audit | None = None

    @property
    def view(self) -> RunView:
        """Snapshots of the run."""
        return self._view

    def summary(self) -> dict[str, Any]:
        """Name, state and counts of the run; `version` changes whenever its files do."""
        state = self._view.state
        return {
            "version": state.version,
            "name": self._name,
            "key": self._key,
            "title": book_title(state) or self._name,
            "is_book": is_book(state),
            "is_read_only": not self._writer.is_held(),
            "is_running": is_locked(RunFolder(self._view.layout.root)),
            "n_rows": state.takes.n_rows,
            "n_takes": len(state.takes),
            "n_undoable": self._decisions.n_undoable,
            "voices": self._view.voice_names(state),
            "speech_error": self._respeak.error if self._respeak else "",
        }

    def contents(self) -> dict[str, Any]:
        """Chapters as in `book_view.contents`, with `version`; the lists are empty if the run is not a book."""
        state = self._view.refreshed()
        if is_book(state):
            return {"version": state.version, **contents(state, self._doubts.doubts(state))}
        return {"version": state.version, "chapters": [], "voices": [], "characters": []}

    def chapter(self, number: int) -> dict[str, Any]:
        """Number, title and paragraphs of a chapter, with `version`."""
        result: dict[str, Any] = self._read_newest(
            lambda state: {"version": state.version, **chapter(state, number, self._doubts.doubts(state))}
        )
        return result

    def row(self, row: str) -> dict[str, Any]:
        """Values, takes and history of a row."""
        result: dict[str, Any] = self._read_newest(lambda state: row_detail(state, row))
        return result

    def words(self, row: str, take: str) -> list[list[Any]]:
        """Words of a take, each as text, start and end in seconds, and reason to doubt the word."""
        result: list[list[Any]] = self._read_newest(
            lambda state: take_words(state, row, take, self._doubts.doubts(state))
        )
        return result

    def audio(self, row: str, take: str) -> tuple[bytes, str]:
        """Encoded audio of a take and its media type."""
        found = self._read_newest(lambda state: find_take(state.takes, row, take, ("audio",)))["audio"]
        if not found or not found["bytes"]:
            raise RunError("The take has no audio", fix="choose another take")
        content = bytes(found["bytes"])
        return content, "audio/flac" if content[:4] == b"fLaC" else "audio/wav"

    def decide(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Record a verdict, a note or a pause, and return the row for the panel."""
        self._check_writable()
        row_id = _row_id(wanted)
        state = self._view.state
        planned_row(state, row_id)
        if wanted.get("take") is not None:
            find_take(state.takes, row_id, str(wanted["take"]))
        self._decisions.decide(row_id, wanted)
        return row_detail(self._view.refreshed(), row_id)

    def mark_played(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Mark rows as played, and return the new `version`."""
        self._check_writable()
        ids = wanted.get("ids")
        if not isinstance(ids, list) or len(ids) > _MAX_PLAYED or not all(isinstance(name, str) for name in ids):
            raise InputError(
                "The list of ids is invalid", expected=f"at most {_MAX_PLAYED} texts", fix="reload the page"
            )
        known = self._view.state.facts_of(ids)
        self._decisions.mark_played([name for name in ids if name in known])
        return {"version": self._view.refreshed().version}

    def undo(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Undo the latest decision of this desk; return the id of its row (None without a decision) and `version`."""
        self._check_writable()
        row_id = self._decisions.undo()
        return {"row": row_id, "version": self._view.refreshed().version}

    def speak(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Request new takes of a row with the values edited on the page, and return the row for the panel."""
        self._check_writable()
        row_id, n_takes = _row_id(wanted), wanted.get("n_takes", 1)
        if self._respeak is None:
            raise RunError("This desk makes no takes", fix="start it with `hierbatch review`")
        if isinstance(n_takes, bool) or not isinstance(n_takes, int):
            raise InputError("The number of takes is not an integer", got=repr(n_takes)[:40], fix="reload the page")
        planned_row(self._view.state, row_id)
        edit = read_edit(wanted.get("edit") or {})
        self._respeak.request(TakeRequest(id=row_id, edit=edit, n_takes=n_takes, who=self._decisions.who))
        return row_detail(self._view.refreshed(), row_id)

    def phonemes(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Phonemes of a text with one word respelled, as `phonemes`."""
        planned = planned_row(self._view.state, _row_id(wanted))
        texts: dict[str, Any] = {name: wanted.get(name) for name in ("text", "word", "respelling")}
        if not all(isinstance(text, str) and text.strip() for text in texts.values()):
            raise InputError("The word and its respelling are needed", fix="fill in both")
        folder = RunFolder(self._view.layout.root)
        return {
            "phonemes": respelled_phonemes(
                folder, str(planned.get("language") or ""), book=book_title(self._view.state), **texts
            )
        }

    def word_list(self) -> dict[str, Any]:
        """Words to check, with their corrections, as `words`."""
        result: dict[str, Any] = self._read_newest(lambda state: {"words": self._words.words(state)})
        return result

    def correct_word(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Change the pronunciation of a word, request new takes, and return the number of requests and all words."""
        self._check_writable()
        if self._respeak is None:
            raise RunError("This desk makes no takes", fix="start it with `hierbatch review`")
        requests = self._words.correct(self._view.refreshed(), wanted, self._decisions.who)
        self._respeak.request(*requests)
        return {"n_requested": len(requests), "words": self._words.words(self._view.refreshed())}

    def table(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """One page of the table, as `CorpusTable.page` returns it, with `version`."""
        result: dict[str, Any] = self._read_newest(
            lambda state: {"version": state.version, **self._table.page(state, self._query(wanted))}
        )
        return result

    def histograms(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Histograms of all measures, values to filter by, and the result of the audit; None without an audit."""

        def read(state: RunState) -> dict[str, Any]:
            return {
                "histograms": self._table.histograms(state, self._query(wanted)),
                "choices": self._table.choices(state),
                "audit": self._audit.result(state) if self._audit else None,
            }

        return dict(self._read_newest(read))

    def draw_audit(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Start an audit of a random sample of the selected rows, or end the audit if `n_rows` is 0.

        Args:
            wanted: values sent by the page: `n_rows`, `seed` and the filters of the table.

        Returns:
            Object with `audit`: the result of the new audit so far, or None after the end of an audit.
        """
        n_rows, seed = wanted.get("n_rows", 0), wanted.get("seed")
        if not isinstance(n_rows, int) or isinstance(n_rows, bool) or not 0 <= n_rows <= MAX_ROWS:
            raise InputError("The sample is too large", expected=f"at most {MAX_ROWS} rows", fix="draw fewer")
        seed = seed if isinstance(seed, int) and not isinstance(seed, bool) else new_seed()
        state = self._view.refreshed()
        self._audit = None
        query = TableQuery.from_request(wanted)
        if n_rows:
            self._audit = Audit(tuple(self._table.sample(state, query, n_rows, seed)), seed)
        return {"audit": self._audit.result(state) if self._audit else None}

    def _query(self, wanted: Mapping[str, Any]) -> TableQuery:
        query = TableQuery.from_request(wanted)
        return (
            replace(query, ids=tuple(take[0] for take in self._audit.takes))
            if self._audit and wanted.get("is_audit") is True
            else query
        )

    def close(self) -> None:
        """Release the lock of the run and stop all threads."""
        self._table.close()
        if self._respeak:
            self._respeak.close()
        self._writer.close()
        self._view.close()

    def _read_newest(self, read: Any) -> Any:
        """Call `read` with the newest snapshot, and a second time if compaction has removed a file in between."""
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
