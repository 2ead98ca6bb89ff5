"""Atomic commit of a finished work unit as one immutable part file."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

import pyarrow as pa

from hierbatch.engine.run_folder import RunFolder
from hierbatch.manifest.store import write_rows
from hierbatch.object_path import is_remote
from hierbatch.storage import replace_file, storage_error, write_atomically


def commit_part(folder: RunFolder, name: str, takes: Iterable[pa.Table], schema: pa.Schema) -> None:
    """Write takes to a temporary file, flush it, and rename it into `parts/`.

    A unit that is processed twice overwrites its part with the same rows. In an object store the PUT is the commit.

    Args:
        folder: the run.
        name: name of the unit, and stem of the part file.
        takes: tables of takes, in order.
        schema: schema of the part.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    if is_remote(folder.root):
        with write_atomically(folder.part_file(name)) as temporary:
            write_rows(takes, schema, temporary)
        return
    # A unique name: a worker declared lost, perhaps on another machine, may still be writing the same unit.
    temporary = folder.tmp / f"{name}-{uuid4().hex}.parquet"
    try:
        write_rows(takes, schema, temporary)
        replace_file(temporary, folder.part_file(name))
    except OSError as error:
        raise storage_error(error, folder.part_file(name)) from error
    finally:
        temporary.unlink(missing_ok=True)
