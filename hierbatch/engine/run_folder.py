"""What a run was asked, and who may write there."""

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
from hierbatch.errors import RunError
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.object_path import is_remote
from hierbatch.storage import STAGING, storage_error, write_whole

_FORMAT = 1

_LOOK_S = 0.2
"""Who looks whether a run is held has its lock for far less than that."""


@dataclass(frozen=True, slots=True)
class RunFolder(RunLayout):
    """A run that is worked on: its folders, its record in `run.json`, its events."""

    def make(self) -> None:
        """Make the folders; raises StorageError or InputError."""
        try:
            for folder in (self.plans, self.parts, self.tmp):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, self.root) from error

    def sweep(self) -> None:
        """Remove what a stopped run left half-written; in an object store nothing ever is.

        Only where nobody writes but who holds the run: an export may be on its way beside it.
        """
        if is_remote(self.root):
            return
        for place in (self.tmp, self.plans):
            for folder in place.glob(f"{STAGING}*"):
                shutil.rmtree(folder, ignore_errors=True)
        for leftover in self.tmp.glob("*.parquet"):
            leftover.unlink(missing_ok=True)

    def drop_sources(self, *, before: int) -> None:
        """Remove recordings of older generations: only the newest is worked, and they may be most of a run's bytes."""
        for generation in range(1, before):
            self.sources_file(generation).unlink(missing_ok=True)

    def read_record(self) -> dict[str, Any]:
        """What the run was asked.

        Raises:
            RunError: this is no run folder, or one of a newer version.
        """
        try:
            record = json.loads(self.record_file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise RunError(f"{self.root} is no run", wanted="a folder made by `hierbatch run`") from error
        except (OSError, ValueError) as error:
            raise RunError(f"{self.record_file} cannot be read", got=str(error)) from error
        if record.get("format") != _FORMAT:
            raise RunError(
                f"{self.root} is of another version", wanted=f"format {_FORMAT}", got=str(record.get("format"))
            )
        return dict(record)

    def newest(self) -> dict[str, Any]:
        """The newest generation's `number`, `settings` and `origin`."""
        return self.generations()[-1]

    def generations(self) -> list[dict[str, Any]]:
        """The same of all generations, the first one first."""
        return list(self.read_record()["generations"])

    def keep_filter(self, text: str) -> None:
        """Put down the rules of a corpus; raises StorageError."""
        with write_whole(self.corpus_filter) as aside:
            aside.write_text(text, encoding="utf-8")

    def note(self, event: str, **facts: Any) -> None:
        """Add a line to events.jsonl.

        An object store cannot add to an object: there each event is an object of its own under `events/`, and finished
        units, which are parts already, are left out.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "event": event, **facts}, ensure_ascii=False) + "\n"
        try:
            if is_remote(self.root):
                if event != "unit":
                    (self.root / "events" / f"{at}-{event}.jsonl").write_text(line, encoding="utf-8")
                return
            with self.events_file.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise storage_error(error, self.events_file) from error

    def last_start(self) -> dict[str, Any] | None:
        """The event of the newest sitting's start."""
        lines: list[str] = []
        if is_remote(self.root):
            starts = sorted((self.root / "events").glob("*-start.jsonl"), key=str)
            lines = [starts[-1].read_text(encoding="utf-8")] if starts else []
        elif self.events_file.exists():
            with self.events_file.open(encoding="utf-8") as file:
                lines = [line for line in file if '"event": "start"' in line]
        for line in reversed(lines):
            with suppress(ValueError):  # a line that a full disk cut off runs on into the next
                return dict(json.loads(line))
        return None


@contextmanager
def hold(folder: RunFolder) -> Iterator[None]:
    """The run's lock for the length of a block; the system releases it even if this process is killed.

    In an object store it is a lease, and best effort.

    Raises:
        RunError: another driver holds it.
    """
    if is_remote(folder.root):
        with hold_lease(folder.lock_file):
            yield
        return
    try:
        descriptor = os.open(folder.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise storage_error(error, folder.lock_file) from error
    try:
        _lock(descriptor)
    except OSError as error:
        holder = os.read(descriptor, 200).decode("utf-8", "replace")
        os.close(descriptor)
        raise RunError(
            f"{folder.root} is being worked on", got=holder or "another process", mend="wait for it, or stop it"
        ) from error
    try:
        with suppress(OSError):  # who holds it is for people; where the disk is full, it holds all the same
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take the lock, at the second try where somebody was just looking (`is_held`); raises OSError."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_LOOK_S)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(folder: RunFolder) -> bool:
    """Whether a driver is at work there right now."""
    if is_remote(folder.root):
        return read_holder(folder.lock_file) is not None
    try:
        descriptor = os.open(folder.lock_file, os.O_RDONLY)
    except OSError:
        return False
    try:
        # Shared: who may only read can ask for it, and two that look do not meet.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def open_generation(folder: RunFolder, settings: Mapping[str, Any], origin: Mapping[str, str], *, update: bool) -> int:
    """The generation that these settings belong to: the newest if they are its own, else a new one if `update`.

    `origin`, where the inputs lay, is written down and compared with nothing.

    Raises:
        RunError: the run was asked something else and `update` is not set.
    """
    settings = json.loads(json.dumps(settings))  # as it will be read back, so that equal is equal
    generations = folder.read_record()["generations"] if folder.record_file.exists() else []
    if generations and generations[-1]["settings"] == settings:
        return int(generations[-1]["number"])
    if generations and not update:
        before = generations[-1]["settings"]
        changed = sorted(name for name in before.keys() | settings.keys() if before.get(name) != settings.get(name))
        raise RunError(
            f"{folder.root} was started with other settings",
            wanted="the same " + ", ".join(changed),
            mend="choose another --out, or pass --update: what is still right is kept, the rest is made anew",
        )
    number = len(generations) + 1
    entry = {
        "number": number,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "hierbatch_version": version("hierbatch"),
        "settings": settings,
        "origin": dict(origin),
    }
    with write_whole(folder.record_file, folder.tmp) as aside:
        record = {"format": _FORMAT, "generations": [*generations, entry]}
        aside.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return number
