"""Storage of recordings that are embedded in a manifest: a file next to the plan, from which workers load the audio.

Plan rows contain only a reference to the recording, which is a path or a row number in this file. Plan rows therefore
stay small wherever they are read, sent, planned again or joined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import RunError
from hierbatch.manifest.columns.schema import AUDIO, SOURCE_REFERENCE
from hierbatch.object_path import arrow_source
from hierbatch.storage import write_atomically

StoreSources = Callable[[pa.Table], pa.Table]
"""Function that moves the audio of the column `source` to storage, and returns rows with references instead."""

_SCHEMA = pa.schema([pa.field("bytes", pa.binary())])
_GROUP_BYTES = 16 << 20
"""Bytes of audio at which a row group is closed; limits how much must be read to load one row."""


def discard_audio(rows: pa.Table) -> pa.Table:
    """Rows without the embedded audio; their references contain only the paths."""
    return _with_references(rows, pa.nulls(len(rows), pa.int64()))


@contextmanager
def open_source_store(path: Path) -> Iterator[StoreSources]:
    """Context with a function that stores the audio of tables in a file; the file is complete when the context exits.

    The function returns its table with references instead of the audio.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    n_stored = 0

    def store(rows: pa.Table) -> pa.Table:
        nonlocal n_stored
        sounds = pc.struct_field(rows.column("source"), "bytes").combine_chunks()
        has_audio = sounds.is_valid().to_numpy(zero_copy_only=False)
        stored = sounds.drop_null()
        for first, n_rows in _groups(pc.binary_length(stored).to_numpy(zero_copy_only=False)):
            writer.write_table(pa.table([stored.slice(first, n_rows)], schema=_SCHEMA), row_group_size=n_rows)
        indices = n_stored + np.cumsum(has_audio) - 1
        n_stored += len(stored)
        return _with_references(rows, pa.array(indices, pa.int64(), mask=~has_audio))

    with write_atomically(path) as temporary:
        # Encoded audio does not compress further.
        options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
        with pq.ParquetWriter(temporary, _SCHEMA, **options) as writer:
            yield store


class PlanSources:
    """Reader of stored recordings, one row group at a time; the file is first opened when a recording is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._metadata: pq.FileMetaData | None = None
        self._starts = np.zeros(0, np.int64)

    def fetch(self, rows: pa.Table) -> pa.Table:
        """Replace the references in rows with the audio, in the format of a manifest; rejected rows get no audio.

        Raises:
            RunError: the file is missing or damaged.
        """
        at = rows.schema.get_field_index("source")
        if at < 0 or rows.schema.field(at).type != SOURCE_REFERENCE:
            return rows
        source = rows.column(at).combine_chunks()
        index = pc.struct_field(source, "row")
        index = pc.if_else(rows.column("error_kind").combine_chunks().is_null(), index, pa.scalar(None, pa.int64()))
        needed = np.unique(index.drop_null().to_numpy())
        sounds = self._read(needed).take(pc.index_in(index, value_set=pa.array(needed, pa.int64())))
        fetched = _struct(AUDIO, [sounds, pc.struct_field(source, "path")], source)
        return rows.set_column(at, pa.field("source", AUDIO), fetched)

    def _read(self, indices: npt.NDArray[np.int64]) -> pa.Array:
        """Read the audio of some rows of the file; `indices` must be ascending."""
        if not len(indices):
            return pa.array([], pa.binary())
        try:
            with pq.ParquetFile(arrow_source(self._path), metadata=self._metadata) as file:
                if self._metadata is None:
                    self._metadata = file.metadata
                    n_rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
                    self._starts = np.cumsum([0, *n_rows])
                groups = np.searchsorted(self._starts, indices, side="right") - 1
                found = [
                    file.read_row_group(group).column("bytes").take(pa.array(indices[groups == group] - start))
                    for group, start in ((group, self._starts[group]) for group in np.unique(groups).tolist())
                ]
        except (pa.ArrowException, OSError) as error:
            raise RunError(
                f"{self._path} cannot be read",
                got=str(error).splitlines()[0],
                fix=f"restore it, or delete {self._path.parent} and run again: existing takes are kept",
            ) from error
        return pa.chunked_array([chunk for column in found for chunk in column.chunks], pa.binary()).combine_chunks()


def _with_references(rows: pa.Table, indices: pa.Array) -> pa.Table:
    source = rows.column("source").combine_chunks()
    reference = _struct(SOURCE_REFERENCE, [pc.struct_field(source, "path"), indices], source)
    return rows.set_column(rows.schema.get_field_index("source"), pa.field("source", SOURCE_REFERENCE), reference)


def _struct(kind: pa.StructType, values: list[pa.Array], like: pa.StructArray) -> pa.StructArray:
    return pa.StructArray.from_arrays(values, fields=list(kind), mask=like.is_null())


def _groups(lengths: npt.NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """Yield the first row and the number of rows of each row group; `lengths` has the bytes of audio per row."""
    first = n_bytes = 0
    for row, length in enumerate(lengths.tolist()):
        n_bytes += length
        if n_bytes >= _GROUP_BYTES or row == len(lengths) - 1:
            yield first, row + 1 - first
            first, n_bytes = row + 1, 0
