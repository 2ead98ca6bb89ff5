"""On-disk hash join of committed takes with planned rows by name; one bucket of names is in memory at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.runs.take_ids import NAME_TYPE

_BUCKET_NAMES = 1 << 20
"""Planned names per bucket; a bucket is in memory at once, with its hash table."""
_MAX_BUCKETS = 256
_RECORD = np.dtype([("name", np.uint8, NAME_TYPE.byte_width), ("row", np.int64)])

Rows = npt.NDArray[np.int64]


def find_planned_rows(committed: Iterable[pa.Array], planned: Iterable[pa.Array], n_planned: int) -> Rows:
    """Index of the planned row of each committed take; -1 for takes that the plan does not name.

    Args:
        committed: names of committed takes (`row_names`), table by table.
        planned: names of the planned rows, in order.
        n_planned: number of planned rows.
    """
    n_buckets = 1
    while n_buckets < _MAX_BUCKETS and n_planned > n_buckets * _BUCKET_NAMES:
        n_buckets *= 2
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        n_committed = _partition(committed, folder, "committed", n_buckets)
        rows: Rows = np.full(n_committed, -1, np.int64)
        if not n_committed:
            return rows
        _partition(planned, folder, "planned", n_buckets)
        for bucket in range(n_buckets):
            takes, plan = (_read(folder / f"{side}-{bucket}") for side in ("committed", "planned"))
            at = pc.index_in(_names(takes), value_set=_names(plan))
            is_found = at.is_valid().to_numpy(zero_copy_only=False)
            rows[takes["row"][is_found]] = plan["row"][at.drop_null().to_numpy()]
    return rows


def _partition(tables: Iterable[pa.Array], folder: Path, side: str, n_buckets: int) -> int:
    """Write names and their running numbers into files `SIDE-BUCKET`; return the number of names."""
    n_names = 0
    with ExitStack() as stack:
        files: list[IO[bytes]] = [
            stack.enter_context((folder / f"{side}-{bucket}").open("wb")) for bucket in range(n_buckets)
        ]
        for names in tables:
            records = np.zeros(len(names), _RECORD)
            records["name"] = _as_bytes(names)
            records["row"] = np.arange(n_names, n_names + len(names))
            n_names += len(names)
            for bucket, selected in _by_bucket(records, n_buckets):
                selected.tofile(files[bucket])
    return n_names


def _by_bucket(records: npt.NDArray[np.void], n_buckets: int) -> Iterator[tuple[int, npt.NDArray[np.void]]]:
    if n_buckets == 1:
        yield 0, records
        return
    buckets = records["name"][:, 0] % n_buckets
    records = records[np.argsort(buckets, kind="stable")]
    ends = np.cumsum(np.bincount(buckets, minlength=n_buckets))
    for bucket, (start, end) in enumerate(zip(np.append(0, ends), ends, strict=False)):
        if end > start:
            yield bucket, records[start:end]


def _read(path: Path) -> npt.NDArray[np.void]:
    return np.fromfile(path, _RECORD)


def _as_bytes(names: pa.Array) -> npt.NDArray[np.uint8]:
    width = NAME_TYPE.byte_width
    values = np.frombuffer(names.buffers()[1] or b"", np.uint8)
    return values[names.offset * width : (names.offset + len(names)) * width].reshape(-1, width)


def _names(records: npt.NDArray[np.void]) -> pa.Array:
    values = np.ascontiguousarray(records["name"])
    return pa.Array.from_buffers(NAME_TYPE, len(values), [None, pa.py_buffer(values)])
