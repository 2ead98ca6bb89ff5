"""Recordings that lie in a manifest itself: put into a file beside the plan, and taken out by whoever works them.

So the rows of a plan are small wherever they are read, sent, planned again or joined: of a recording they say where it
lies, a path or a row of that file.
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
from hierbatch.manifest.schema import AUDIO, SOURCE_PLACE
from hierbatch.object_path import readable
from hierbatch.storage import write_whole

KeepSources = Callable[[pa.Table], pa.Table]
"""Takes the sound out of rows' `source` and leaves its place there."""

_SCHEMA = pa.schema([pa.field("bytes", pa.binary())])
_GROUP_BYTES = 16 << 20
"""Bytes from which on a row group is full: who wants one row reads no more than that beside it."""


def forget_sources(rows: pa.Table) -> pa.Table:
    """Rows whose sound nobody will want; of what lay in the manifest no place is left."""
    return _with_places(rows, pa.nulls(len(rows), pa.int64()))


@contextmanager
def kept_sources(path: Path) -> Iterator[KeepSources]:
    """A file for the sound of rows that come one table after the other; there whole or not at all.

    Raises:
        StorageError: the disk is full, read-only or gone.
    """
    n_kept = 0

    def keep(rows: pa.Table) -> pa.Table:
        nonlocal n_kept
        sounds = pc.struct_field(rows.column("source"), "bytes").combine_chunks()
        is_here = sounds.is_valid().to_numpy(zero_copy_only=False)
        kept = sounds.drop_null()
        for first, n_rows in _groups(pc.binary_length(kept).to_numpy(zero_copy_only=False)):
            writer.write_table(pa.table([kept.slice(first, n_rows)], schema=_SCHEMA), row_group_size=n_rows)
        places = n_kept + np.cumsum(is_here) - 1
        n_kept += len(kept)
        return _with_places(rows, pa.array(places, pa.int64(), mask=~is_here))

    with write_whole(path) as aside:
        # Encoded sound packs no further.
        options = {"compression": "none", "use_dictionary": False, "write_statistics": False}
        with pq.ParquetWriter(aside, _SCHEMA, **options) as writer:
            yield keep


class PlanSources:
    """The file of kept recordings, read a row group at a time; it is opened when the first row asks for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._metadata: pq.FileMetaData | None = None
        self._starts = np.zeros(0, np.int64)

    def fetch(self, rows: pa.Table) -> pa.Table:
        """Rows with their recordings as a manifest has them; those of refused rows stay where they are.

        Raises:
            RunError: the file is gone or damaged.
        """
        at = rows.schema.get_field_index("source")
        if at < 0 or rows.schema.field(at).type != SOURCE_PLACE:
            return rows
        source = rows.column(at).combine_chunks()
        place = pc.struct_field(source, "row")
        place = pc.if_else(rows.column("error_kind").combine_chunks().is_null(), place, pa.scalar(None, pa.int64()))
        wanted = np.unique(place.drop_null().to_numpy())
        sounds = self._read(wanted).take(pc.index_in(place, value_set=pa.array(wanted, pa.int64())))
        fetched = _struct(AUDIO, [sounds, pc.struct_field(source, "path")], source)
        return rows.set_column(at, pa.field("source", AUDIO), fetched)

    def _read(self, wanted: npt.NDArray[np.int64]) -> pa.Array:
        """Sounds of some rows of the file, ascending."""
        if not len(wanted):
            return pa.array([], pa.binary())
        try:
            with pq.ParquetFile(readable(self._path), metadata=self._metadata) as file:
                if self._metadata is None:
                    self._metadata = file.metadata
                    n_rows = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
                    self._starts = np.cumsum([0, *n_rows])
                groups = np.searchsorted(self._starts, wanted, side="right") - 1
                found = [
                    file.read_row_group(group).column("bytes").take(pa.array(wanted[groups == group] - start))
                    for group, start in ((group, self._starts[group]) for group in np.unique(groups).tolist())
                ]
        except (pa.ArrowException, OSError) as error:
            raise RunError(
                f"{self._path} cannot be read",
                got=str(error).splitlines()[0],
                mend=f"put it back, or delete {self._path.parent} and run again: takes that stand are kept",
            ) from error
        return pa.chunked_array([chunk for column in found for chunk in column.chunks], pa.binary()).combine_chunks()


def _with_places(rows: pa.Table, places: pa.Array) -> pa.Table:
    source = rows.column("source").combine_chunks()
    placed = _struct(SOURCE_PLACE, [pc.struct_field(source, "path"), places], source)
    return rows.set_column(rows.schema.get_field_index("source"), pa.field("source", SOURCE_PLACE), placed)


def _struct(kind: pa.StructType, values: list[pa.Array], like: pa.StructArray) -> pa.StructArray:
    return pa.StructArray.from_arrays(values, fields=list(kind), mask=like.is_null())


def _groups(lengths: npt.NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    """First row and number of rows of each row group."""
    first = n_bytes = 0
    for row, length in enumerate(lengths.tolist()):
        n_bytes += length
        if n_bytes >= _GROUP_BYTES or row == len(lengths) - 1:
            yield first, row + 1 - first
            first, n_bytes = row + 1, 0
