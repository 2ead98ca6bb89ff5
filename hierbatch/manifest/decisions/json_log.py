"""Append-only logs of JSON lines in a folder, one file per writer.

Every process appends to its own file, and each line is a single write, so that concurrent writers lose nothing. If a
full disk truncates a line, its writer raises an error, and readers skip the line.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from hierbatch.errors import RunError
from hierbatch.json_object import parse_json_object
from hierbatch.object_path import is_remote
from hierbatch.regular_file import regular_file_size
from hierbatch.storage import storage_error

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


def append_record(folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Append a record and the current time to the log of this process.

    In an object store, where files cannot be appended to, each record becomes an object of its own.

    Args:
        folder: folder of the log; created if missing.
        record: values that JSON can represent; values that are None are omitted.

    Returns:
        The record as it was written, with `when` (ISO 8601, UTC).

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be written to.
    """
    when = datetime.now(UTC).isoformat(timespec="microseconds")
    written = {**{name: value for name, value in record.items() if value is not None}, "when": when}
    line = (json.dumps(written, ensure_ascii=False) + "\n").encode()
    writer = f"{_UNSAFE.sub('-', socket.gethostname())}-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if is_remote(folder):
            (folder / f"{when}-{writer}-{uuid4().hex[:8]}.jsonl").write_text(line.decode(), encoding="utf-8")
        else:
            _append(folder / f"{writer}.jsonl", line)
    except OSError as error:
        raise storage_error(error, folder) from error
    return written


def _append(path: Path, line: bytes) -> None:
    """Append a line with one write, and flush it to disk."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":  # a truncated line must not swallow this one
            line = b"\n" + line
        if os.write(descriptor, line) < len(line):
            os.fsync(descriptor)  # reports the reason of the short write
            raise OSError("the line was not written completely")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Read all records of a log, ordered by time; the records of one writer always keep their order.

    Raises:
        RunError: a file of the log cannot be read.
    """
    entries = []
    try:
        files = sorted(folder.glob("*.jsonl"), key=lambda path: path.name)
        for path in files:
            newest = ""
            if not is_remote(path):
                regular_file_size(path)
            for number, record in enumerate(_records(path.read_bytes())):
                newest = max(newest, str(record.get("when", "")))  # a clock set back must not reorder a writer's lines
                entries.append(((newest, path.name, number), record))
    except OSError as error:
        raise RunError(f"{folder} cannot be read", got=str(error), fix="check the permissions of its files") from error
    return [record for _, record in sorted(entries, key=lambda entry: entry[0])]


def _records(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.split(b"\n"):
        try:
            yield parse_json_object(line)
        except ValueError:  # truncated, or the empty end of the file
            continue
