"""Putting files down whole: written aside on the same filesystem, flushed to the disk, then renamed.

A reader never meets half a file, and a full disk ends in words.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hierbatch.errors import InputError, SetupError, StorageError
from hierbatch.object_path import ObjectPath, is_remote

_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.ENODEV})

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
