"""A lock in an object store: an object that says who works there and until when.

Best effort, since a store cannot make one driver wait for another: two that look at the same moment both begin. Nothing
is lost by it, for a part is named by its generation and unit, and both put down the same rows.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

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
    holder = read_holder(lock)
    if holder is not None:
        raise RunError(
            f"{lock.parent} is being worked on",
            got=str(holder["holder"]),
            mend=f"stop it, or, if it was killed, wait {max(1.0, holder['until'] - time.time()):.0f} s",
        )
    _renew(lock)
    is_over = threading.Event()

    def keep() -> None:
        while not is_over.wait(LEASE_S / 3):
            with suppress(Exception):  # the next renewal may work; and if none does, others may come in, as told above
                _renew(lock)

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        with suppress(OSError):
            lock.unlink(missing_ok=True)


def read_holder(lock: Path) -> dict[str, Any] | None:
    """Who holds a lease right now, or None.

    Raises:
        StorageError: the store does not answer.
    """
    try:
        found = json.loads(lock.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        return None  # what is no lease holds nobody off
    except OSError as error:
        raise storage_error(error, lock) from error
    return dict(found) if found["until"] > time.time() else None


def _renew(lock: Path) -> None:
    lease = {"holder": f"process {os.getpid()} on {socket.gethostname()}", "until": time.time() + LEASE_S}
    try:
        lock.write_text(json.dumps(lease))
    except OSError as error:
        raise storage_error(error, lock) from error
