"""Large binary values of a Parquet file, such as hours of audio, written without a copy in memory.

While Arrow writes a value, three copies are in memory: in the column, in the encoder and in the page. Therefore the
file is first written with an empty value in place of each large one, in a row group of its own. Then the file is
copied, and every large value is written from its buffer into its page. The result is byte for byte the file that Arrow
would have written.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.manifest.tables.thrift_compact import Struct, read_struct, write_struct

MIN_LARGE_BYTES = 16 << 20
_COPIED_BYTES = 4 << 20
_MAGIC = b"PAR1"
_TAIL_BYTES = 8  # length of the footer and magic
_MAX_HEADER_BYTES = 1 << 10
# Field numbers of parquet.thrift.
_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED = 2, 3
_ROW_GROUPS = 4
_GROUP_COLUMNS, _GROUP_BYTES, _GROUP_OFFSET, _GROUP_COMPRESSED = 1, 2, 5, 6
_CHUNK_META, _CHUNK_OFFSETS = 3, (2, 4, 6)
_META_UNCOMPRESSED, _META_COMPRESSED, _META_PAGE, _META_OFFSETS, _META_SIZES = 6, 7, 9, (9, 10, 11, 14), 16
_SIZES_BINARY = 1


@dataclass(frozen=True, slots=True)
class LargeValue:
    """A value to insert: the indices of its row group and its Parquet column, and its bytes."""

    row_group: int
    column: int
    content: pa.Buffer


def insert_large_values(path: Path, values: Sequence[LargeValue]) -> None:
    """Replace empty values in a Parquet file with large ones.

    Each empty value must be the only value of its page, and the page must be uncompressed and have no dictionary.

    Args:
        path: Parquet file without page checksums and indexes; it is overwritten.
        values: values in order of row group and column.

    Raises:
        OSError: the file cannot be written.
        ValueError: a page does not contain one empty value.
    """
    grown = path.with_name(f"{path.name}.grown")
    try:
        with path.open("rb") as source, grown.open("xb") as target:
            _copy_with_values(source, target, values)
        os.replace(grown, path)
    finally:
        grown.unlink(missing_ok=True)


def _copy_with_values(source: BinaryIO, target: BinaryIO, values: Sequence[LargeValue]) -> None:
    footer_at = source.seek(-_TAIL_BYTES, os.SEEK_END)
    (footer_bytes,) = struct.unpack("<I", source.read(4))
    footer_at -= footer_bytes
    source.seek(footer_at)
    footer, _ = read_struct(source.read(footer_bytes))
    grown: dict[tuple[int, int], int] = {}
    copied = 0
    for value in values:
        page_at = _column_meta(footer, value)[_META_PAGE].content
        _copy(source, target, copied, page_at)
        grown[value.row_group, value.column], copied = _write_page(source, target, page_at, value.content)
    _copy(source, target, copied, footer_at)
    _shift(footer, grown, {(value.row_group, value.column): value.content.size for value in values})
    encoded = write_struct(footer)
    target.write(encoded + struct.pack("<I", len(encoded)) + _MAGIC)


def _write_page(source: BinaryIO, target: BinaryIO, page_at: int, content: pa.Buffer) -> tuple[int, int]:
    """Write a page with `content` as its value; return the growth of the page in bytes, and its end in `source`."""
    source.seek(page_at)
    header, header_bytes = read_struct(source.read(_MAX_HEADER_BYTES))
    page_bytes = header[_PAGE_COMPRESSED].content
    source.seek(page_at + header_bytes)
    levels, length = source.read(page_bytes - 4), source.read(4)
    if length != bytes(4) or header[_PAGE_UNCOMPRESSED].content != page_bytes:
        raise ValueError("the page does not end with one empty value")
    for number in (_PAGE_UNCOMPRESSED, _PAGE_COMPRESSED):
        header[number].content += content.size
    encoded = write_struct(header)
    target.write(encoded + levels + struct.pack("<I", content.size))
    for piece in _pieces(content):
        target.write(piece)
    return len(encoded) - header_bytes + content.size, page_at + header_bytes + page_bytes


def _shift(footer: Struct, grown: dict[tuple[int, int], int], sizes: dict[tuple[int, int], int]) -> None:
    """Correct the offsets and sizes in the footer of a file.

    Args:
        footer: footer before the values were inserted.
        grown: growth of the page in bytes, by indices of row group and column.
        sizes: size of the inserted value in bytes, by the same indices.
    """
    shift = 0
    for group_number, group in enumerate(footer[_ROW_GROUPS].content[1]):
        _add(group, (_GROUP_OFFSET,), shift)
        shift_before = shift
        for column_number, chunk in enumerate(group[_GROUP_COLUMNS].content[1]):
            meta: Struct = chunk[_CHUNK_META].content
            _add(chunk, _CHUNK_OFFSETS, shift)
            _add(meta, _META_OFFSETS, shift)
            growth = grown.get((group_number, column_number), 0)
            if growth:
                _add(meta, (_META_UNCOMPRESSED, _META_COMPRESSED), growth)
                if _META_SIZES in meta:
                    _add(meta[_META_SIZES].content, (_SIZES_BINARY,), sizes[group_number, column_number], at_zero=True)
            shift += growth
        _add(group, (_GROUP_BYTES, _GROUP_COMPRESSED), shift - shift_before)


def _add(fields: Struct, numbers: Sequence[int], increment: int, *, at_zero: bool = False) -> None:
    for number in numbers:
        if number in fields and (fields[number].content or at_zero):  # 0 is an offset that was not recorded
            fields[number].content += increment


def _column_meta(footer: Struct, value: LargeValue) -> Struct:
    chunk = footer[_ROW_GROUPS].content[1][value.row_group][_GROUP_COLUMNS].content[1][value.column]
    meta: Struct = chunk[_CHUNK_META].content
    return meta


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    source.seek(start)
    while start < end:
        block = source.read(min(_COPIED_BYTES, end - start))
        target.write(block)
        start += len(block)


def _pieces(content: pa.Buffer) -> Iterator[memoryview]:
    view = memoryview(content)
    yield from (view[start : start + _COPIED_BYTES] for start in range(0, len(view), _COPIED_BYTES))


def split_large_values(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows of tables, in the same order, with each row that has a large audio value in a table of its own."""
    for table in tables:
        is_large = np.zeros(len(table), np.bool_)
        for column in _audio_columns(table):
            is_large |= _lengths(table.column(column)) >= MIN_LARGE_BYTES
        first = 0
        for row in np.flatnonzero(is_large).tolist():
            yield from (table.slice(start, n) for start, n in ((first, row - first), (row, 1)) if n)
            first = row + 1
        if first < len(table) or not len(table):
            yield table.slice(first)


def take_large_values(table: pa.Table, row_group: int) -> tuple[pa.Table, list[LargeValue]]:
    """Replace large audio values with empty ones, and return the new table and the large values.

    A table of several rows is returned unchanged.

    Args:
        table: table from `split_large_values`.
        row_group: index of the row group that the table becomes.
    """
    values: list[LargeValue] = []
    for column in _audio_columns(table) if len(table) == 1 else ():
        audio = table.column(column)
        if _lengths(audio)[0] < MIN_LARGE_BYTES:
            continue
        struct_array = next(chunk for chunk in audio.chunks if len(chunk))
        content = _content(pc.struct_field(struct_array, "bytes"))
        leaf = sum(_n_leaves(field.type) for field in list(table.schema)[:column])
        values.append(LargeValue(row_group, leaf, content))
        empty = [{"bytes": b"", "path": pc.struct_field(struct_array, "path")[0].as_py()}]
        table = table.set_column(column, table.schema.field(column), pa.array(empty, AUDIO))
    return table, values


def _content(values: pa.BinaryArray) -> pa.Buffer:
    """Buffer of the only value of an array, without the copy that a scalar would need."""
    _, offsets, data = values.buffers()
    start, end = np.frombuffer(offsets, np.int32)[values.offset : values.offset + 2].tolist()
    return data.slice(start, end - start)


def _audio_columns(table: pa.Table) -> list[int]:
    return [at for at, field in enumerate(table.schema) if field.type == AUDIO]


def _lengths(audio: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    lengths = pc.fill_null(pc.binary_length(pc.struct_field(audio, "bytes")), 0)
    found: npt.NDArray[np.int64] = lengths.to_numpy().astype(np.int64)
    return found


def _n_leaves(kind: pa.DataType) -> int:
    if pa.types.is_struct(kind):
        return sum(_n_leaves(field.type) for field in kind)
    return _n_leaves(kind.value_type) if pa.types.is_list(kind) else 1
