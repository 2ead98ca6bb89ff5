"""Checks of files before they are opened: opening a pipe would wait for its other end, and a device may have no end."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def regular_file_size(path: Path, max_bytes: int | None = None) -> int:
    """Size of a regular file in bytes, without opening it.

    Raises:
        OSError: the file is missing, not a regular file, or larger than `max_bytes`; `strerror` gives the reason.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a device")
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file")
    return bounded_size(found.st_size, max_bytes)


def bounded_size(n_bytes: int, max_bytes: int | None) -> int:
    """Return a size, or raise OSError if it is larger than `max_bytes`."""
    if max_bytes is not None and n_bytes > max_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {max_bytes} bytes")
    return n_bytes
