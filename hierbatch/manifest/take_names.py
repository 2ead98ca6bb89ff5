"""Names of takes: a few bytes that tell one take of one row from all others."""

from __future__ import annotations

from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

NAMING = ("id", "take_key", "attempt")
"""Columns that name one take of one row."""

NAME_TYPE = pa.binary(16)


def row_names(table: pa.Table) -> pa.Array:
    """Sixteen bytes for each row's id, key and attempt: two ids may share a key, and a row with its own seed keeps it.

    A hash: a million names then take 16 MB, and no two of 10^12 rows share one with a chance above 10^-14.
    """
    columns = [table.column(name).combine_chunks().cast(pa.large_string()) for name in NAMING]
    written = pc.binary_join_element_wise(*columns, pa.scalar(" ", pa.large_string())).to_pylist()
    digests = [blake2b(name.encode(), digest_size=NAME_TYPE.byte_width).digest() for name in written]
    return pa.array(digests, NAME_TYPE)


def digest_of(table: pa.Table) -> str:
    """Twelve hexadecimal digits over the names of some rows, for names of files that hold these and no others."""
    return blake2b(b"".join(row_names(table).to_pylist()), digest_size=6).hexdigest()
