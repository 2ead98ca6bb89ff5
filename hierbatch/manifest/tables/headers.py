"""Column names and separators of users' tables.

Column names may contain capitals and spaces, and the columns may be separated by commas, semicolons or tabs.
"""

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
    """Declared name of a column whose name in the file is a variant such as `ID`, ` text` or `Source Ref`.

    Names that match no declared one are normalized to NFC and lose the spaces at both ends.
    """
    key = name_key(raw.removeprefix("\ufeff")).replace(" ", "_")
    return key if key in declared else nfc(raw).strip()


def renamed_schema(schema: pa.Schema, declared: Collection[str]) -> pa.Schema:
    """Schema with the fields renamed by `column_name`; types and metadata are unchanged."""
    fields = [field.with_name(column_name(field.name, declared)) for field in schema]
    return pa.schema(fields, metadata=schema.metadata)


def read_header(path: Path, declared: Collection[str]) -> tuple[str, list[str]]:
    """Separator of a CSV table and the names in its first line.

    The separator is the one that gives the most declared names; if several do, the one that gives the most names in
    total; and if there is still a tie, the first one in `SEPARATORS`.

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
    """Declared types of the columns of a file, keyed by their names in the file; other columns are left out."""
    found = ((raw, column_name(raw, types)) for raw in header)
    return {raw: types[name] for raw, name in found if name in types}


def missing_columns(names: Collection[str], wanted: Iterable[str]) -> list[str]:
    """One message for each column that a table lacks; each message also lists the columns of the table."""
    missing = [name for name in wanted if name not in names]
    return [f"column {name} is missing{found_columns(names)}" for name in missing]


def found_columns(names: Collection[str]) -> str:
    """Column names of a table in parentheses, for error messages; empty if the table has no columns."""
    shown = ", ".join(name[:_MAX_NAME_SHOWN] for name in list(names)[:_MAX_COLUMNS_SHOWN])
    more = ", ..." if len(names) > _MAX_COLUMNS_SHOWN else ""
    return f" (the table has {shown}{more})" if names else ""


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return [line]
