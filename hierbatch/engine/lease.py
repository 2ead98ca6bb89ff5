"""Lock in an object store: each driver writes an object with the name of the driver and an expiry time.

Object stores have no locks, but a listing shows every object written before it. So a driver first writes its own object
and then looks for others; of two drivers that start at the same moment, at most one continues. The lock is best effort:
a driver that pauses for longer than its lease loses the lock. No data is lost then, because parts are named by
generation and unit, and both drivers write the same rows.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from hierbatch.errors import RunError
from hierbatch.json_object import parse_json_object
from hierbatch.storage import storage_error

LEASE_S = 60.0
"""Validity of a lease without renewal, in seconds; other drivers wait this long after a crash."""


@contextmanager
def hold_lease(lock: Path) -> Iterator[None]:
    """Context that holds a lease on a lock; a thread renews the lease.

    Raises:
        RunError: another driver has a valid lease.
        StorageError: the store does not respond.
    """
    _check_free(read_holder(lock), lock)
    own = lock.parent / f"{lock.name}-{uuid4().hex}"
    _renew(own)
    try:
        _check_free(read_holder(lock, exclude=own), lock)
        with _renewed(own):
            yield
    finally:
        with suppress(OSError):
            own.unlink(missing_ok=True)


def read_holder(lock: Path, *, exclude: Path | None = None) -> dict[str, Any] | None:
    """Return the content of a valid lease, or None if there is none; expired leases are deleted.

    Args:
        lock: path of the lock; leases are objects whose names begin with it.
        exclude: lease of the caller, which is ignored.

    Raises:
        StorageError: the store does not respond.
    """
    try:
        leases = list(lock.parent.glob(f"{lock.name}*"))
    except OSError as error:
        raise storage_error(error, lock) from error
    for path in leases:
        if path != exclude and (lease := _read(path)) is not None:
            if lease["until"] > time.time():
                return lease
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = parse_json_object(path.read_text())
    except (FileNotFoundError, ValueError):
        return None  # not a lease: it blocks nobody
    except OSError as error:
        raise storage_error(error, path) from error
    return found if "until" in found else None


def _check_free(holder: Mapping[str, Any] | None, lock: Path) -> None:
    if holder is not None:
        raise RunError(
            f"{lock.parent} is in use by another process",
            got=str(holder["holder"]),
            fix=f"stop that process; if it was killed, wait {max(1.0, holder['until'] - time.time()):.0f} s",
        )


@contextmanager
def _renewed(lease: Path) -> Iterator[None]:
    is_over = threading.Event()

    def keep() -> None:
        while not is_over.wait(LEASE_S / 3):
            with suppress(Exception):  # the next renewal may succeed; if none does, others may take over (see above)
                _renew(lease)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew(path: Path) -> None:
    lease = {"holder": f"process {os.getpid()} on {socket.gethostname()}", "until": time.time() + LEASE_S}
    try:
        path.write_text(json.dumps(lease))
    except OSError as error:
        raise storage_error(error, path) from error
