"""CSV reader with declared column types, which reports every column that does not match its type, and CSV writer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from hierbatch.csv_cells import FORMULA
from hierbatch.manifest.tables.headers import raw_types, read_header
from hierbatch.object_path import arrow_source

_MAX_MESSAGE_CHARACTERS = 100


def read_csv(path: Path, types: Mapping[str, pa.DataType]) -> tuple[pa.Table, dict[str, str]]:
    """Read a CSV table separated by commas, semicolons or tabs; columns keep the names that they have in the file.

    Args:
        path: the table.
        types: declared types by column name.

    Returns:
        The table, and by column name a message for each column with values that do not match the declared type; these
            columns are read as text.

    Raises:
        ArrowInvalid: the lines differ in their number of fields, or the text is not UTF-8.
        OSError: the file cannot be read.
        UnicodeDecodeError: the first line is not UTF-8.
    """
    separator, header = read_header(path, types)
    types = raw_types(header, types)
    try:
        return _read(path, separator, types), {}
    except pa.ArrowInvalid as error:
        # Arrow stops at the first column that does not match, so each column is read alone.
        faults = {name: fault for name in types if (fault := _fault(path, separator, name, types[name]))}
        if not faults:
            raise
        try:
            return _read(path, separator, {**types, **dict.fromkeys(faults, pa.string())}), faults
        except pa.ArrowInvalid as second:
            raise second from error


def _fault(path: Path, separator: str, name: str, kind: pa.DataType) -> str | None:
    """Message about a column whose values do not match the type `kind`; None if they match or the column is absent."""
    if kind == pa.string():
        return None
    try:
        _read(path, separator, {name: kind}, include_columns=[name], include_missing_columns=True)
    except pa.ArrowInvalid as error:
        fault = str(error).splitlines()[0].partition("conversion error to ")[2].partition(": ")[2]
        return f"column {name} is not all {kind}: {fault[:_MAX_MESSAGE_CHARACTERS]}"
    return None


def _read(path: Path, separator: str, types: Mapping[str, pa.DataType], **options: Any) -> pa.Table:
    # Only empty values are null: the default would also drop the words "NA" and "null" from a text.
    converting = pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""], **options)
    parsing = pa.csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    table = pa.csv.read_csv(arrow_source(path), parse_options=parsing, convert_options=converting)
    return _replace_in_text(table, f"^'({FORMULA})")


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table as CSV; an apostrophe precedes texts that a spreadsheet program would read as formulas."""
    pa.csv.write_csv(_replace_in_text(table, f"^({FORMULA})", before="'"), path)


def _replace_in_text(table: pa.Table, pattern: str, before: str = "") -> pa.Table:
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            changed = pc.replace_substring_regex(table.column(at), pattern, rf"{before}\1", max_replacements=1)
            table = table.set_column(at, field, changed)
    return table
