"""Files that appear whole or not at all: written aside, made durable, renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hierbatch.errors import StorageError


@contextmanager
def landing(target: Path, aside: Path | None = None) -> Iterator[Path]:
    """A path to write to; when the block ends well, what stands there becomes `target` in one step.

    `aside` must be on `target`'s file system; the default is a hidden neighbour. A block that fails leaves `target` as
    it was.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    if aside is None:
        aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield aside
        _make_durable(aside)
        os.replace(aside, target)
        _make_durable(target.parent)
    except OSError as error:
        raise storage_error(error, target) from error
    finally:
        aside.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder and its parents.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(error, folder) from error


def land_json(value: Any, target: Path) -> None:
    """Write a value as readable JSON, whole or not at all."""
    with landing(target) as aside:
        aside.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def storage_error(error: OSError, target: Path) -> StorageError:
    """The error of a file that could not be written, in a user's words."""
    return StorageError(
        f"{target} cannot be written",
        got=error.strerror or str(error),
        mend="free some space or choose another folder, then run the same command again: finished work is kept",
    )


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
