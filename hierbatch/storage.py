"""Files on the disk: put down whole, and read within a bound.

What is put down is written aside on the same filesystem, flushed to the disk, then renamed: a reader never meets half
a file, and a full disk ends in words. What is read is a regular file of a size that was looked at before: a path that
somebody else wrote may lead to a device without end, or to a pipe that nobody writes to.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hierbatch.errors import InputError, SetupError, StorageError
from hierbatch.object_path import ObjectPath, is_remote

_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.ENODEV})

_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}

STAGING = ".unfinished-"
"""How the names of folders begin that hold work in progress."""


def storage_error(error: OSError, path: Path) -> SetupError:
    """The error in our own words: StorageError where the disk is at fault, InputError where the path is."""
    got = error.strerror or str(error).partition("\n")[0]
    if is_remote(path):
        return StorageError(f"Cannot write {path}", got=got, mend="look at the store and the credentials, then rerun")
    if error.errno in _DISK_ERRNOS:
        return StorageError(f"Cannot write {path}", got=got, mend="free some space or choose another disk, then rerun")
    return InputError(f"Cannot write {path}", got=got, mend="choose a folder that exists and may be written to")


@contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder` (made if need be) for work in progress; it is gone when the block ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
    except OSError as error:
        raise storage_error(error, folder) from error
    try:
        yield aside
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def write_whole(path: Path, beside: Path | None = None) -> Iterator[Path]:
    """A place to write aside; it becomes `path` when the block ends well and vanishes when it does not.

    The place is in the path's own folder, or in another one of the same filesystem.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be made or written to.
    """
    if isinstance(path, ObjectPath):
        with tempfile.TemporaryDirectory() as here:
            aside = Path(here) / path.name
            yield aside
            try:
                path.put(aside)
            except OSError as error:
                raise storage_error(error, path) from error
        return
    with staging_folder(beside or path.parent) as folder:
        aside = folder / path.name
        yield aside
        put_down(aside, path)


def put_down(aside: Path, path: Path) -> None:
    """Flush a finished file to the disk and rename it into place."""
    try:
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise storage_error(error, path) from error


def regular_size(path: Path, max_bytes: int | None = None) -> int:
    """Size of a regular file in bytes, without opening it.

    Raises:
        OSError: it is not there, is no regular file, or is larger than `max_bytes`; `strerror` says which.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a device")
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file")
    return _bounded(found.st_size, max_bytes)


def read_regular(path: Path, max_bytes: int) -> bytes:
    """A whole regular file, or a whole object of a store.

    Raises:
        OSError: as `regular_size`, or it cannot be read, or grew meanwhile.
    """
    if isinstance(path, ObjectPath):
        with path.open_input() as stored:
            return bytes(stored.read(_bounded(stored.size(), max_bytes)))
    n_bytes = regular_size(path, max_bytes)
    with path.open("rb") as file:
        content = file.read(n_bytes + 1)
    if len(content) > n_bytes:
        raise OSError(errno.EBUSY, "it grew while it was read")
    return content


def _bounded(n_bytes: int, max_bytes: int | None) -> int:
    if max_bytes is not None and n_bytes > max_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {max_bytes} bytes")
    return n_bytes
