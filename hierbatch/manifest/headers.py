"""Column names and separators of users' tables: capitals, spaces, semicolons and tabs are understood."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from hierbatch.names import name_key, nfc
from hierbatch.object_path import ObjectPath

SEPARATORS = (",", ";", "\t")
_MAX_HEADER_BYTES = 1 << 16
_MAX_COLUMNS_SHOWN, _MAX_NAME_SHOWN = 12, 40


def column_name(raw: str, declared: Collection[str]) -> str:
    """Name of a column: the declared one for `ID`, ` text` or `Source Ref`; others lose only spaces at their ends."""
    key = name_key(raw.removeprefix("\ufeff")).replace(" ", "_")
    return key if key in declared else nfc(raw).strip()


def renamed_schema(schema: pa.Schema, declared: Collection[str]) -> pa.Schema:
    """Schema whose fields are named as `column_name` names them; types and metadata are unchanged."""
    fields = [field.with_name(column_name(field.name, declared)) for field in schema]
    return pa.schema(fields, metadata=schema.metadata)


def read_header(path: Path, declared: Collection[str]) -> tuple[str, list[str]]:
    """Separator of a CSV table and the names in its first line.

    The separator is the one that gives the most declared names, then the most names; a comma if there is no difference.

    Raises:
        OSError: the file cannot be read.
        UnicodeDecodeError: the first line is not UTF-8.
    """
    with path.open_input() if isinstance(path, ObjectPath) else path.open("rb") as file:
        head = bytes(file.read(_MAX_HEADER_BYTES))
    line = (head.splitlines() or [b""])[0].decode("utf-8-sig")
    headers = {separator: _split(line, separator) for separator in SEPARATORS}

    def fit(separator: str) -> tuple[int, int]:
        names = headers[separator]
        return sum(column_name(name, declared) in declared for name in names), len(names)

    best = max(SEPARATORS, key=fit)
    return best, headers[best]


def raw_types(header: Iterable[str], types: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Declared types by the names that the columns have in the file."""
    found = ((raw, column_name(raw, types)) for raw in header)
    return {raw: types[name] for raw, name in found if name in types}


def missing_columns(names: Collection[str], wanted: Iterable[str]) -> list[str]:
    """Problems of a table without some columns; the columns that it has are named."""
    missing = [name for name in wanted if name not in names]
    return [f"column {name} is missing{found_columns(names)}" for name in missing]


def found_columns(names: Collection[str]) -> str:
    """Columns of a table in parentheses, for messages; empty without columns."""
    shown = ", ".join(name[:_MAX_NAME_SHOWN] for name in list(names)[:_MAX_COLUMNS_SHOWN])
    more = ", ..." if len(names) > _MAX_COLUMNS_SHOWN else ""
    return f" (the table has {shown}{more})" if names else ""


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line]
