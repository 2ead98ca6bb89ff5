"""Putting a finished unit down: one immutable part, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pyarrow as pa

from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.store import write_rows
from hierbatch.storage import put_down, storage_error


def commit_part(folder: RunFolder, name: str, takes: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write takes aside, make them durable, and rename them into `parts/`.

    A unit that is worked twice replaces itself by the same rows.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    aside = folder.tmp / f"{name}-{os.getpid()}.parquet"
    try:
        write_rows(takes, schema, aside)
        put_down(aside, folder.part_file(name))
    except OSError as error:
        raise storage_error(error, folder.part_file(name)) from error
    finally:
        aside.unlink(missing_ok=True)
