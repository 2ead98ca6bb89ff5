"""Names that occur more than once in a table of any length, found with eight bytes per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_MAX_EXACT = 1 << 20
"""Maximum number of repeated hashes whose names are compared; further repeated names are counted by hash."""
_SEED = 20_240_229


def repeated_names(read_names: Callable[[], Iterable[pa.ChunkedArray]]) -> tuple[int, pa.Array]:
    """Number of distinct names that occur more than once, and these names (at most about a million).

    The names are hashed, and those with equal hashes are read a second time and compared.

    Args:
        read_names: function that yields the names, table by table; it is called up to twice. Nulls are ignored.
    """
    stored = bytearray()  # grows in place; arrays to be joined would take the memory twice
    for names in _tables(read_names):
        stored += _hash(names)[1].data
    hashes = np.frombuffer(stored, np.uint64)
    hashes.sort()
    repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    del hashes
    if not len(repeated):
        return 0, pa.array([], pa.string())
    compared = repeated[:_MAX_EXACT]
    found = [pa.array([], pa.string())]
    for names in _tables(read_names):
        kept, hashed = _hash(names)
        found.append(kept.filter(pa.array(np.isin(hashed, compared))))
    counted = pc.value_counts(pa.concat_arrays(found))
    exact = counted.filter(pc.greater(counted.field("counts"), 1)).field("values")
    return len(exact) + len(repeated) - len(compared), exact


def _tables(read_names: Callable[[], Iterable[pa.ChunkedArray]]) -> Iterator[pa.Array]:
    for names in read_names():
        joined = names.combine_chunks()
        yield joined if isinstance(joined, pa.Array) else pa.concat_arrays(joined.chunks)


def _hash(names: pa.Array) -> tuple[pa.Array, npt.NDArray[np.uint64]]:
    """Names without nulls, and a hash of each: the sum of its bytes with random weights by place, modulo 2^64."""
    kept = names.drop_null().cast(pa.string())
    offsets = np.frombuffer(kept.buffers()[1] or b"\0\0\0\0", np.int32)[kept.offset : kept.offset + len(kept) + 1]
    lengths = np.diff(offsets)
    hashed = lengths.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    is_filled = lengths > 0
    if is_filled.any():
        content = np.frombuffer(kept.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
        starts = (offsets[:-1] - offsets[0])[is_filled]
        offset = np.arange(len(content)) - np.repeat(starts, lengths[is_filled])
        weights = np.random.default_rng(_SEED).integers(0, 1 << 64, int(lengths.max()), np.uint64, endpoint=False)
        hashed[is_filled] += np.add.reduceat((content.astype(np.uint64) + np.uint64(1)) * weights[offset], starts)
    return kept, hashed
