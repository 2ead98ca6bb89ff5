"""CSV read to declared types; columns that do not have theirs are told, all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from hierbatch.object_path import readable

_LONGEST_FAULT = 100


def read_csv(path: Path, types: Mapping[str, pa.DataType]) -> tuple[pa.Table, dict[str, str]]:
    """The table, and what is the matter with columns whose values are not all of their type: these are left as text.

    Raises:
        ArrowInvalid: lines are ragged, or not UTF-8.
        OSError: the file cannot be read.
    """
    try:
        return _read(path, types), {}
    except pa.ArrowInvalid as error:
        # Arrow stops at the first column that does not fit, so each is asked for alone.
        faults = {name: fault for name in types if (fault := _fault(path, name, types[name]))}
        if not faults:
            raise
        try:
            return _read(path, {**types, **dict.fromkeys(faults, pa.string())}), faults
        except pa.ArrowInvalid as deeper:
            raise deeper from error


def _fault(path: Path, name: str, kind: pa.DataType) -> str | None:
    """What does not fit in a column, if it is there."""
    if kind == pa.string():
        return None
    try:
        _read(path, {name: kind}, include_columns=[name], include_missing_columns=True)
    except pa.ArrowInvalid as error:
        fault = str(error).splitlines()[0].partition("conversion error to ")[2].partition(": ")[2]
        return f"column {name} is not all {kind}: {fault[:_LONGEST_FAULT]}"
    return None


def _read(path: Path, types: Mapping[str, pa.DataType], **options: Any) -> pa.Table:
    # Only emptiness is missing: the default would also take the words "NA" and "null" out of a book.
    converting = pa.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""], **options)
    parsing = pa.csv.ParseOptions(newlines_in_values=True)
    return pa.csv.read_csv(readable(path), parse_options=parsing, convert_options=converting)
