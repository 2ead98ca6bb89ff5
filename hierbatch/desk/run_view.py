"""Newest state of a run for the pages: takes, decisions and requests, reloaded when their files change."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.errors import HierbatchError, RunError
from hierbatch.manifest.decisions.choices import Choices
from hierbatch.manifest.decisions.take_requests import PLANNED, RequestState, read_requests
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.runs.take_ids import TAKE_ID_COLUMNS
from hierbatch.manifest.takes.takes import Takes

_LOG = logging.getLogger(__name__)
_POLL_S = 0.1
_PASSING_S = 5.0
"""Seconds after which an error in reading the run is reported, even if a file that is being replaced may cause it."""
_MAX_SHARE = 0.1
"""Maximum share of the time that is spent on reading the run; a large run in progress is read less often."""

_PLANNED = (
    "id",
    "chapter",
    "chapter_title",
    "sentence_index",
    "kind",
    "source_ref",
    "voice",
    "language",
    "character",
    "book",
)
_INHERITED = ("planned", "facts", "book_rows")
_FACTS = ("id", "take_key", "attempt", "status", "error_kind", "flags", "duration_s")


_Signature = tuple[tuple[str, int, int], ...]
_N_FOLDERS = 2
"""Number of leading entries of a signature for plans and parts; the others are for decisions and requests."""


@dataclass(frozen=True)
class RunState:
    """Snapshot of a run."""

    version: int
    takes: Takes
    requests: dict[str, RequestState]

    @property
    def choices(self) -> Choices:
        """Decisions of reviewers."""
        return self.takes.choices

    @cached_property
    def planned(self) -> pa.Table:
        """Planned columns of all rows in manifest order, such as chapter and voice, without the texts."""
        return self.takes.planned([name for name in _PLANNED if name in self.takes.plan_schema.names])

    @cached_property
    def book_rows(self) -> list[dict[str, Any]]:
        """Rows with a chapter, in reading order."""
        rows = [row for row in self.planned.to_pylist() if row["chapter"] is not None]
        return sorted(rows, key=lambda row: (row["chapter"], row["sentence_index"] or 0))

    @cached_property
    def facts(self) -> dict[str, dict[str, Any]]:
        """Main columns of the current take of each row, by row id; `facts_of` needs less memory for a large corpus."""
        return {row["id"]: row for row in self.takes.table(_FACTS).to_pylist()}

    def inherit(self, before: RunState) -> None:
        """Copy the cached values of an earlier snapshot of the same takes."""
        self.__dict__.update({name: before.__dict__[name] for name in _INHERITED if name in before.__dict__})

    def facts_of(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Main columns of the current takes of the given rows, by row id."""
        if "facts" in self.__dict__:
            return {row_id: self.facts[row_id] for row_id in ids if row_id in self.facts}
        return {row["id"]: row for row in self.takes.rows(ids, _FACTS).to_pylist()}

    @cached_property
    def made_takes(self) -> set[tuple[str, str, int]]:
        """Id, key and attempt of all takes of rows with requests."""
        ids = sorted({found.request.id for found in self.requests.values()})
        made = self.takes.candidates(ids, TAKE_ID_COLUMNS).to_pylist() if ids else []
        return {(take["id"], take["take_key"], take["attempt"]) for take in made}

    def is_open(self, found: RequestState) -> bool:
        """True if a request is not answered yet, or takes that were planned for it are missing."""
        if found.answer != PLANNED:
            return found.answer is None
        return any((found.request.id, *take) not in self.made_takes for take in found.takes)


class RunView:
    """View of a run, with a snapshot that a background thread keeps up to date."""

    def __init__(self, run: Path) -> None:
        """Read the run; raises RunError if the folder is not a run or has no plan."""
        self.layout = RunLayout(run)
        self._changed = threading.Condition()
        self._reading = threading.Lock()
        self._listeners: set[Callable[[], None]] = set()
        self._wake, self._is_closed = threading.Event(), False
        self._seen = self._signature()
        self._state = self._read(1)
        self._thread = threading.Thread(target=self._follow, name="run-view", daemon=True)
        self._thread.start()

    @property
    def state(self) -> RunState:
        """Latest snapshot."""
        return self._state

    def refreshed(self, timeout_s: float = 2.0) -> RunState:
        """Snapshot that includes all files written before this call, or the latest one after `timeout_s`."""
        with self._changed, suppress(OSError):  # a file being replaced: the thread reads it
            before = self._state.version
            if self._signature() != self._seen:
                self._wake.set()
                self._changed.wait_for(lambda: self._state.version > before, timeout_s)
        return self._state

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call a function after changes and on release, from another thread; return a function that ends this."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def notify(self) -> None:
        """Wake the reading thread after this process has written files; returns at once."""
        self._wake.set()

    @property
    def is_closed(self) -> bool:
        """True once pages have to stop waiting for changes."""
        return self._is_closed

    def release(self) -> None:
        """End all waits for changes."""
        self._is_closed = True
        self._wake.set()
        for listener in tuple(self._listeners):
            listener()

    def voice_names(self, state: RunState) -> list[str]:
        """Names of the voices of the run."""
        path = self.layout.voices_file(state.takes.generation)
        return list(pq.read_table(path, columns=["voice"]).column("voice").to_pylist()) if path.exists() else []

    def close(self) -> None:
        """Stop the thread."""
        self.release()
        self._thread.join(timeout=5)

    def _follow(self) -> None:
        pause_s, failure, reported, since = _POLL_S, "", "", 0.0
        while not self._is_closed:
            self._wake.wait(pause_s)
            self._wake.clear()
            started = time.monotonic()
            try:
                self._update()
                failure = reported = ""
            except Exception as error:  # noqa: BLE001 - the page goes on, with the state before
                if repr(error) != failure:
                    failure, since = repr(error), started
                # A file that is being replaced is read by a later pass.
                is_passing = isinstance(error, HierbatchError | OSError) and started - since < _PASSING_S
                if failure != reported and not is_passing:
                    _LOG.exception("The state of the run cannot be read; the page shows the one before")
                    reported = failure
            pause_s = max(_POLL_S, (time.monotonic() - started) / _MAX_SHARE)

    def _update(self) -> None:
        signature = self._signature()
        if signature == self._seen:
            return
        is_same = signature[:_N_FOLDERS] == self._seen[:_N_FOLDERS]
        takes = self._state.takes if is_same else None
        with self._reading:
            state = self._read(self._state.version + 1, takes)
            self._publish(state, signature)

    def renew(self) -> None:
        """Publish the latest snapshot under a new version, so that pages request derived values again."""
        with self._reading:
            before = self._state
            state = RunState(before.version + 1, before.takes, before.requests)
            state.inherit(before)
            self._publish(state, self._seen)

    def _publish(self, state: RunState, signature: _Signature) -> None:
        with self._changed:
            self._state, self._seen = state, signature
            self._changed.notify_all()
        for listener in tuple(self._listeners):
            listener()

    def _read(self, version: int, before: Takes | None = None) -> RunState:
        """Read the run; with `before`, reuse these takes and read only the decisions and requests."""
        run = self.layout.root
        takes = before.redecided() if before else Takes(run)
        pa.default_memory_pool().release_unused()  # reading a large run needs several times what is kept
        state = RunState(version, takes, read_requests(run))
        if before and takes.is_same_as(before):
            state.inherit(self._state)
        return state

    def _signature(self) -> _Signature:
        """Times, counts and sizes that change when a file of the snapshot is added or appended to."""
        layout = self.layout
        if not layout.record_file.exists():
            raise RunError(
                f"{layout.root} is not a run folder",
                expected="a folder created by `hierbatch run`",
                fix="check the path",
            )
        groups = (layout.plans.name, [layout.plans]), (layout.parts.name, layout.part_folders())
        folders = [(name, *_folder_state(found)) for name, found in groups]
        logs = [path for folder in (layout.choices, layout.requests) for path in folder.glob("*.jsonl")]
        return tuple([*folders, *sorted((path.name, path.stat().st_size, 0) for path in logs)])


def _folder_state(folders: Sequence[Path]) -> tuple[int, int]:
    """Latest modification time of the folders in ns, and number of files, since two changes can have the same time."""
    found = [folder for folder in folders if folder.is_dir()]
    return max((folder.stat().st_mtime_ns for folder in found), default=0), sum(len(os.listdir(f)) for f in found)
