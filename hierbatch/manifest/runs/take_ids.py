"""Names of takes: short hashes that identify one take of one row."""

from __future__ import annotations

from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

TAKE_ID_COLUMNS = ("id", "take_key", "attempt")
"""Columns that identify a take."""

NAME_TYPE = pa.binary(16)


def row_names(table: pa.Table) -> pa.Array:
    """Hash the id, key and attempt of each row to a name of 16 bytes.

    The key alone does not identify a take: two ids can have the same key, and a row whose seed is set in the manifest
    has the same key at every attempt. A million names take 16 MB; among 10^12 rows, the probability of a collision is
    below 10^-14.
    """
    columns = [table.column(name).combine_chunks().cast(pa.large_string()) for name in TAKE_ID_COLUMNS]
    texts = pc.binary_join_element_wise(*columns, pa.scalar(" ", pa.large_string())).to_pylist()
    digests = [blake2b(name.encode(), digest_size=NAME_TYPE.byte_width).digest() for name in texts]
    return pa.array(digests, NAME_TYPE)


def digest_rows(table: pa.Table) -> str:
    """Hash the names of some rows to 12 hexadecimal digits, for file names that depend on the rows."""
    return blake2b(b"".join(row_names(table).to_pylist()), digest_size=6).hexdigest()
