"""Shards: disjoint shares of the rows of a manifest, so that several drivers can work on it.

The share of a row follows from its id alone: it stays the same if rows are added, removed or edited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hierbatch.errors import InputError

ROW_COLUMN = "manifest_row"
"""Additional column of the rows of a shard: their position in the whole manifest."""

MAX_SHARDS = 10_000
_WRITTEN = re.compile(r"(\d{1,5})\s*/\s*(\d{1,5})")
_FOLDER = re.compile(r"(\d+)-of-(\d+)")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `n_shards` shares of the rows; `number` counts from 1."""

    number: int
    n_shards: int

    def __str__(self) -> str:
        return f"{self.number}/{self.n_shards}"

    @property
    def folder(self) -> str:
        """Name of the run folder of the shard, in the folder `shards/`."""
        return f"{self.number}-of-{self.n_shards}"

    def mask(self, ids: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        """Mask of the rows of this shard; a row without an id is in the first shard."""
        hashes = [crc32((row_id or "").encode()) if row_id else 0 for row_id in ids.to_pylist()]
        is_own: npt.NDArray[np.bool_] = np.array(hashes, np.int64) % self.n_shards == self.number - 1
        return is_own


def parse_shard(text: str) -> Shard:
    """Parse a shard such as `3/8`.

    Raises:
        InputError: the text is not a number, a slash and the number of shards, or a number is out of range.

    >>> str(parse_shard("3/8"))
    '3/8'
    """
    found = _WRITTEN.fullmatch(text.strip())
    number, n_shards = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= n_shards <= MAX_SHARDS:
        raise InputError(
            "The shard is not clear",
            expected=f"a number and the number of shards, from 1/1 to {MAX_SHARDS}/{MAX_SHARDS}, such as 3/8",
            got=text,
            fix="correct --shard",
        )
    return Shard(number, n_shards)


def shard_of_folder(name: str) -> Shard | None:
    """Shard whose run folder has this name; None if the name is not of that form."""
    found = _FOLDER.fullmatch(name)
    return Shard(int(found[1]), int(found[2])) if found else None
