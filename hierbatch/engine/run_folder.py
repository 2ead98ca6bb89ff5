"""Run folder: settings, events, and the lock of its driver."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from hierbatch.engine.lease import hold_lease, read_holder
from hierbatch.engine.run_record import FORMAT, check_generation, read_record
from hierbatch.errors import RunError
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.object_path import is_remote
from hierbatch.regular_file import regular_file_size
from hierbatch.storage import STAGING_PREFIX, storage_error, write_atomically

_LOCK_RETRY_S = 0.2
"""Delay in seconds before a second attempt at the lock; `is_locked` holds the lock for a much shorter time."""


@dataclass(frozen=True, slots=True)
class RunFolder(RunLayout):
    """Writable run folder, with its record in `run.json` and its events."""

    def make(self) -> None:
        """Create the folders; raises StorageError or InputError."""
        try:
            for folder in (self.plans, self.parts, self.index, self.tmp):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, self.root) from error

    def remove_leftovers(self) -> None:
        """Remove incomplete files of a stopped run; there are none in an object store.

        Only folders that the driver alone writes are cleaned, since an export may be in progress elsewhere in the run.
        """
        if is_remote(self.root):
            return
        for parent in (self.tmp, self.plans):
            for folder in parent.glob(f"{STAGING_PREFIX}*"):
                shutil.rmtree(folder, ignore_errors=True)
        for leftover in self.tmp.glob("*.parquet"):
            leftover.unlink(missing_ok=True)

    def delete_old_sources(self, *, before: int) -> None:
        """Delete the stored recordings of generations before number `before`, which are no longer needed."""
        for generation in range(1, before):
            self.sources_file(generation).unlink(missing_ok=True)

    def read_record(self) -> dict[str, Any]:
        """Read the content of `run.json`.

        Raises:
            RunError: the folder is not a run, or its record is damaged or in another format version.
        """
        try:
            return read_record(self.record_file)
        except FileNotFoundError as error:
            raise RunError(
                f"{self.root} is not a run folder", expected="a folder created by `hierbatch run`", fix="check the path"
            ) from error

    def newest(self) -> dict[str, Any]:
        """Record of the newest generation: `number`, `settings`, `origin`."""
        return self.generations()[-1]

    def newest_complete(self) -> dict[str, Any]:
        """Record of the newest generation, with all settings of a run; raises RunError if a setting is missing."""
        newest = self.newest()
        check_generation(newest, self.record_file)
        return newest

    def generations(self) -> list[dict[str, Any]]:
        """Records of all generations, oldest first."""
        return list(self.read_record()["generations"])

    def write_filter(self, text: str) -> None:
        """Write the filter rules of a corpus; raises StorageError."""
        with write_atomically(self.corpus_filter) as temporary:
            temporary.write_text(text, encoding="utf-8")

    def log_event(self, event: str, **facts: Any) -> None:
        """Append a line to events.jsonl.

        In an object store, which has no append operation, each event is an object under `events/`; events of finished
        units are omitted, since the part files show them.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "event": event, **facts}, ensure_ascii=False) + "\n"
        try:
            if is_remote(self.root):
                if event != "unit":
                    (self.root / "events" / f"{at}-{event}.jsonl").write_text(line, encoding="utf-8")
                return
            if self.events_file.exists():
                regular_file_size(self.events_file)
            with self.events_file.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise storage_error(error, self.events_file) from error

    def last_start_event(self) -> dict[str, Any] | None:
        """Start event of the latest session, with its time `at` and the number of rows `left`; None without one."""
        lines: list[str] = []
        if is_remote(self.root):
            starts = sorted((self.root / "events").glob("*-start.jsonl"), key=str)
            lines = [starts[-1].read_text(encoding="utf-8")] if starts else []
        elif self.events_file.is_file():
            with self.events_file.open(encoding="utf-8", errors="replace") as file:
                lines = [line for line in file if '"event": "start"' in line]
        for line in reversed(lines):
            # A line truncated by a full disk is joined with the next one.
            with suppress(ValueError, TypeError, KeyError, RecursionError):
                event = dict(json.loads(line))
                return {**event, "at": datetime.fromisoformat(event["at"]).astimezone(UTC), "left": int(event["left"])}
        return None


@contextmanager
def lock_run(folder: RunFolder) -> Iterator[None]:
    """Context that holds the lock of a run; the system releases the lock even if this process is killed.

    In an object store, the lock is a lease, which is best effort.

    Raises:
        RunError: another driver has the lock.
        StorageError: the disk failed, or the store does not respond.
        InputError: the lock file cannot be opened.
    """
    if is_remote(folder.root):
        with hold_lease(folder.lock_file):
            yield
        return
    try:
        descriptor = os.open(folder.lock_file, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o644)
    except OSError as error:
        raise storage_error(error, folder.lock_file) from error
    try:
        _lock(descriptor)
    except OSError as error:
        holder = os.read(descriptor, 200).decode("utf-8", "replace")
        os.close(descriptor)
        raise RunError(
            f"{folder.root} is in use", got=holder or "another process", fix="wait for that process, or stop it"
        ) from error
    try:
        with suppress(OSError):  # the name of the owner is informative only; the lock works without it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Acquire the lock, with one retry in case `is_locked` is holding it; raises OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_LOCK_RETRY_S)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_locked(folder: RunFolder) -> bool:
    """Return True if a driver is working on the run."""
    if is_remote(folder.root):
        return read_holder(folder.lock_file) is not None
    try:
        descriptor = os.open(folder.lock_file, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would wait for its other end
    except OSError:
        return False
    try:
        # Shared: read permission is enough, and concurrent checks do not block each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def open_generation(folder: RunFolder, settings: Mapping[str, Any], origin: Mapping[str, str], *, update: bool) -> int:
    """Return the number of the newest generation; if its settings differ from `settings`, add a generation first.

    Args:
        folder: the run.
        settings: settings that determine the takes.
        origin: locations of the inputs; recorded, but not compared.
        update: True to allow a new generation.

    Raises:
        RunError: the settings differ and `update` is False, or `run.json` is damaged.
        StorageError: the disk is full, read-only or gone.
    """
    settings = json.loads(json.dumps(settings))  # as it will be read back, so that the comparison is exact
    generations = folder.read_record()["generations"] if folder.record_file.exists() else []
    if generations and generations[-1]["settings"] == settings:
        return int(generations[-1]["number"])
    if generations and not update:
        before = generations[-1]["settings"]
        changed = sorted(name for name in before.keys() | settings.keys() if before.get(name) != settings.get(name))
        raise RunError(
            f"{folder.root} was started with other settings",
            expected="the same " + ", ".join(changed),
            fix="choose another --out, or pass --update: valid takes are kept, the others are synthesized again",
        )
    number = len(generations) + 1
    entry = {
        "number": number,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "hierbatch_version": version("hierbatch"),
        "settings": settings,
        "origin": dict(origin),
    }
    with write_atomically(folder.record_file, folder.tmp) as temporary:
        record = {"format": FORMAT, "generations": [*generations, entry]}
        temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return number
