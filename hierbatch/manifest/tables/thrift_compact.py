"""Reader and writer of Thrift's compact protocol, which the headers and the footer of Parquet files use.

A struct is a dictionary from field numbers to typed values, in the order of the file, so that a struct that is read and
written again is the same byte for byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12
_INTEGERS = (_I16, _I32, _I64)
_LONG_LIST = 15


@dataclass(slots=True)
class Value:
    """A value with its Thrift type; for a list, `content` is a pair of the type of the elements and the elements."""

    kind: int
    content: Any


Struct = dict[int, Value]


def read_struct(data: bytes, at: int = 0) -> tuple[Struct, int]:
    """Read a struct; return it and the position after it.

    Args:
        data: encoded struct, with any bytes before and after it.
        at: position of the struct in bytes.

    Raises:
        ValueError: the struct contains a type that Parquet does not use.
        IndexError: the data end inside the struct.
    """
    fields: Struct = {}
    number = 0
    while kind := data[at] & 0x0F:
        step = data[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _read_integer(data, at)
        content, at = (kind == _TRUE, at) if kind in (_TRUE, _FALSE) else _read_content(data, at, kind)
        fields[number] = Value(kind, content)
    return fields, at + 1


def write_struct(fields: Struct) -> bytes:
    """Encode a struct as bytes."""
    encoded, last = bytearray(), 0
    for number, value in fields.items():
        step = number - last
        encoded += bytes([step << 4 | value.kind]) if 0 < step <= 15 else bytes([value.kind]) + _integer(number)
        if value.kind not in (_TRUE, _FALSE):
            encoded += _content(value.kind, value.content)
        last = number
    return bytes(encoded) + b"\0"


def _read_content(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        return _read_integer(data, at)
    if kind in (_TRUE, _FALSE, _BYTE):  # elements of a list take a byte each
        return data[at], at + 1
    if kind == _DOUBLE:
        return struct.unpack_from("<d", data, at)[0], at + 8
    if kind == _BINARY:
        size, at = _read_varint(data, at)
        return data[at : at + size], at + size
    if kind in (_LIST, _SET):
        n_elements, element_kind = data[at] >> 4, data[at] & 0x0F
        at += 1
        if n_elements == _LONG_LIST:
            n_elements, at = _read_varint(data, at)
        elements = []
        for _ in range(n_elements):
            element, at = _read_content(data, at, element_kind)
            elements.append(element)
        return (element_kind, elements), at
    if kind == _STRUCT:
        return read_struct(data, at)
    raise ValueError(f"Thrift type {kind} is not used in Parquet")


def _content(kind: int, content: Any) -> bytes:
    if kind in _INTEGERS:
        return _integer(content)
    if kind in (_TRUE, _FALSE, _BYTE):
        return bytes([content])
    if kind == _DOUBLE:
        return struct.pack("<d", content)
    if kind == _BINARY:
        return _varint(len(content)) + bytes(content)
    if kind == _STRUCT:
        return write_struct(content)
    element_kind, elements = content
    n_elements = len(elements)
    head = bytes([min(n_elements, _LONG_LIST) << 4 | element_kind])
    head += _varint(n_elements) if n_elements >= _LONG_LIST else b""
    return head + b"".join(_content(element_kind, element) for element in elements)


def _read_integer(data: bytes, at: int) -> tuple[int, int]:
    value, at = _read_varint(data, at)
    return value >> 1 ^ -(value & 1), at


def _integer(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
