"""Write lock of a run's decisions: the first desk of the run holds it, and other desks are read-only."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path


class Writer:
    """Lock file that one desk of a run holds; the operating system releases it when the process ends."""

    def __init__(self, path: Path, *, is_wanted: bool) -> None:
        """Create the lock, and try to acquire it.

        Args:
            path: lock file.
            is_wanted: False for a desk that never writes.
        """
        self._path, self._is_wanted = path, is_wanted
        self._descriptor: int | None = None
        self._guard = threading.Lock()

    def is_held(self) -> bool:
        """Return True if this desk may write; a desk that writes first tries to acquire the lock."""
        with self._guard:
            if self._descriptor is None and self._is_wanted:
                self._acquire()
            return self._descriptor is not None

    def close(self) -> None:
        """Release the lock."""
        with self._guard:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _acquire(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:  # a read-only disk: the desk only shows the run
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
        else:
            self._descriptor = descriptor
