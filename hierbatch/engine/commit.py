"""Putting a finished unit down: one immutable part, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

import pyarrow as pa

from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.store import write_rows
from hierbatch.object_path import is_remote
from hierbatch.storage import put_down, storage_error, write_whole


def commit_part(folder: RunFolder, name: str, takes: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write takes aside, make them durable, and rename them into `parts/`.

    A unit that is worked twice replaces itself by the same rows. In an object store the commit is the PUT of the key.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    if is_remote(folder.root):
        with write_whole(folder.part_file(name)) as aside:
            write_rows(takes, schema, aside)
        return
    # Nobody else's: a worker that was given up, perhaps on another machine, may still be writing the same unit.
    aside = folder.tmp / f"{name}-{uuid4().hex}.parquet"
    try:
        write_rows(takes, schema, aside)
        put_down(aside, folder.part_file(name))
    except OSError as error:
        raise storage_error(error, folder.part_file(name)) from error
    finally:
        aside.unlink(missing_ok=True)
