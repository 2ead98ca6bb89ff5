"""A lock in an object store: an object a driver, which says who works there and until when.

A store cannot make one driver wait for another, but whoever lists after he has put down sees what was put down before:
so each puts his own object down first and looks for others then, and of two that begin at the same moment at most one
goes on. It is best effort all the same: a driver that stands still for longer than its lease is overtaken. Nothing is
lost by that, for a part is named by its generation and unit, and both put down the same rows.
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
from hierbatch.storage import storage_error

LEASE_S = 60.0
"""How long a lease holds without being renewed: so long a driver that was killed keeps others waiting."""


@contextmanager
def hold_lease(lock: Path) -> Iterator[None]:
    """The lease for the length of a block, renewed in a thread.

    Raises:
        RunError: another driver's lease still holds.
        StorageError: the store does not answer.
    """
    _refuse_beside(read_holder(lock), lock)
    own = lock.parent / f"{lock.name}-{uuid4().hex}"
    _renew(own)
    try:
        _refuse_beside(read_holder(lock, without=own), lock)
        with _renewed(own):
            yield
    finally:
        with suppress(OSError):
            own.unlink(missing_ok=True)


def read_holder(lock: Path, *, without: Path | None = None) -> dict[str, Any] | None:
    """Who holds a lease right now, one's own left out, or None; leases that ran out are removed on the way.

    Raises:
        StorageError: the store does not answer.
    """
    try:
        leases = list(lock.parent.glob(f"{lock.name}*"))
    except OSError as error:
        raise storage_error(error, lock) from error
    for place in leases:
        if place != without and (lease := _read(place)) is not None:
            if lease["until"] > time.time():
                return lease
            with suppress(OSError):
                place.unlink(missing_ok=True)
    return None


def _read(place: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(place.read_text())
    except (FileNotFoundError, ValueError):
        return None  # what is no lease holds nobody off
    except OSError as error:
        raise storage_error(error, place) from error
    return dict(found) if isinstance(found, dict) and "until" in found else None


def _refuse_beside(holder: Mapping[str, Any] | None, lock: Path) -> None:
    if holder is not None:
        raise RunError(
            f"{lock.parent} is being worked on",
            got=str(holder["holder"]),
            mend=f"stop it, or, if it was killed, wait {max(1.0, holder['until'] - time.time()):.0f} s",
        )


@contextmanager
def _renewed(lease: Path) -> Iterator[None]:
    is_over = threading.Event()

    def keep() -> None:
        while not is_over.wait(LEASE_S / 3):
            with suppress(Exception):  # the next renewal may work; and if none does, others may come in, as told above
                _renew(lease)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew(place: Path) -> None:
    lease = {"holder": f"process {os.getpid()} on {socket.gethostname()}", "until": time.time() + LEASE_S}
    try:
        place.write_text(json.dumps(lease))
    except OSError as error:
        raise storage_error(error, place) from error
