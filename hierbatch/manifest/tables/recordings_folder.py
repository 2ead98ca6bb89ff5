"""A folder of recordings as a table: one row per audio file, in the order of the paths."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa

from hierbatch.constants import AUDIO_SUFFIXES
from hierbatch.errors import ManifestError

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_ID_CHARACTERS = 120


def list_recordings(folder: Path, suffixes: Collection[str] = AUDIO_SUFFIXES) -> list[Path]:
    """Audio files of a folder and its subfolders, sorted; hidden files and folders are left out.

    Raises:
        ManifestError: there are no audio files.
    """
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        found += [path for path in paths if path.suffix.lower() in suffixes]
    if not found:
        raise ManifestError(
            f"There are no recordings in {folder}",
            expected=f"files of {' '.join(suffixes)}",
            fix="check the path, or pass a table",
        )
    return sorted(found)


def recordings_table(folder: Path) -> pa.Table:
    """Table of the recordings of a folder, with the columns `id` and `source`.

    `source` is the path relative to the folder. The id is the same path without suffix, with unsafe characters
    replaced; repeated ids get a number.

    Raises:
        ManifestError: there are no recordings.
    """
    paths = [path.relative_to(folder) for path in list_recordings(folder)]
    used: set[str] = set()
    ids = [_unused_id(path, used) for path in paths]
    return pa.table({"id": ids, "source": [path.as_posix() for path in paths]})


def _unused_id(path: Path, used: set[str]) -> str:
    plain = _UNSAFE.sub("-", path.with_suffix("").as_posix()).strip(".-_")[:_MAX_ID_CHARACTERS] or "recording"
    found, number = plain, 1
    while found.casefold() in used:  # file systems may ignore the case of exported names
        number += 1
        found = f"{plain}-{number}"
    used.add(found.casefold())
    return found
