"""Atomic file writes and bounded file reads.

A file is written under a temporary name on the same filesystem, flushed to disk and then renamed: readers never see an
incomplete file, and a full disk gives a clear error. Reads accept only regular files of a known maximum size, since a
path from an untrusted table may name an endless device or a pipe without a writer.
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
from hierbatch.regular_file import bounded_size, regular_file_size

_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.ENODEV})

_MAX_SHOWN_PATH = 200

STAGING_PREFIX = ".unfinished-"
"""Name prefix of temporary folders."""


def storage_error(error: OSError, path: Path) -> SetupError:
    """Convert an OSError: StorageError if the disk or the store failed, InputError if the path is unusable."""
    got = error.strerror or str(error).partition("\n")[0]
    if is_remote(path):
        return StorageError(f"Cannot write {path}", got=got, fix="check the store and the credentials, then run again")
    if error.errno in _DISK_ERRNOS:
        return StorageError(
            f"Cannot write {path}", got=got, fix="free some disk space or choose another disk, then run again"
        )
    return InputError(f"Cannot write {path}", got=got, fix="choose an existing folder that you can write to")


def path_error(error: OSError) -> SetupError:
    """Convert an OSError of any origin: StorageError if the disk failed, otherwise InputError."""
    path, got = str(error.filename or "A file"), error.strerror or str(error).partition("\n")[0]
    shown = path if len(path) <= _MAX_SHOWN_PATH else f"{path[:_MAX_SHOWN_PATH]}…"
    if error.errno in _DISK_ERRNOS:
        return StorageError(f"{shown} cannot be used", got=got, fix="free some disk space, or check the disk")
    return InputError(f"{shown} cannot be used", got=got, fix="correct the path, or its permissions")


@contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """Context with a temporary hidden folder inside `folder` (created if missing), removed at the end.

    Raises:
        StorageError: the disk is full, read-only or gone; also if the block fails for this reason.
        InputError: the folder cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=STAGING_PREFIX, dir=folder))
    except OSError as error:
        raise storage_error(error, folder) from error
    try:
        yield staging
    except OSError as error:
        raise storage_error(error, folder) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def write_atomically(path: Path, staging_parent: Path | None = None) -> Iterator[Path]:
    """Write a file atomically: yield a temporary path that replaces `path` if the block succeeds.

    If the block raises, the temporary file is removed and `path` stays unchanged.

    Args:
        path: target file or object.
        staging_parent: folder of the temporary file, on the same filesystem; by default the folder of `path`.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be created or written to, or `path` is a device, a pipe or a socket.
    """
    if isinstance(path, ObjectPath):
        with tempfile.TemporaryDirectory() as local:
            temporary = Path(local) / path.name
            yield temporary
            try:
                path.put(temporary)
            except OSError as error:
                raise storage_error(error, path) from error
        return
    check_replaceable(path)
    with staging_folder(staging_parent or path.parent) as folder:
        temporary = folder / path.name
        yield temporary
        replace_file(temporary, path)


def check_replaceable(path: Path) -> None:
    """Refuse devices, pipes and sockets: a renamed file would take their place, such as that of /dev/null.

    Raises:
        InputError: `path` exists, and is neither a regular file nor a folder.
    """
    try:
        mode = path.stat().st_mode
    except OSError:  # missing, or reported when the file is written
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(
            f"Cannot write {path}", expected="a regular file", got="a device, pipe or socket", fix="choose a file name"
        )


def replace_file(temporary: Path, path: Path) -> None:
    """Flush a complete temporary file to disk and rename it to `path`; raises StorageError or InputError."""
    check_replaceable(path)
    try:
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise storage_error(error, path) from error


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """Content of a whole regular file or object.

    Raises:
        OSError: as in `regular_file_size`; or the file cannot be read, or grew while it was read.
    """
    if isinstance(path, ObjectPath):
        with path.open_input() as stored:
            return bytes(stored.read(bounded_size(stored.size(), max_bytes)))
    n_bytes = regular_file_size(path, max_bytes)
    with path.open("rb") as file:
        content = file.read(n_bytes + 1)
    if len(content) > n_bytes:
        raise OSError(errno.EBUSY, "it grew while it was read")
    return content
