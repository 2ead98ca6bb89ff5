"""JSON Lines reader with inferred column types; reports every column with values of several types."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from hierbatch.manifest.tables.headers import column_name
from hierbatch.manifest.tables.integrity import check_json_depth
from hierbatch.object_path import arrow_source

_MAX_VALUE_CHARACTERS = 60

_KINDS = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
"""JSON names of the types."""


def read_json(path: Path, types: Mapping[str, pa.DataType]) -> tuple[pa.Table, dict[str, str]]:
    """Read a JSON Lines table.

    Args:
        path: the table.
        types: declared types by column name; only the text columns are used, so that text that looks like a date stays
            text.

    Returns:
        The table, with the column names of the file, and by column name a message for each column with values of
            several types; these columns become text.

    Raises:
        ArrowInvalid: a line is not a JSON object, has a key twice, or contains a list with values of several types.
        ManifestError: a line is nested too deeply.
        OSError: the file cannot be read.
    """
    check_json_depth(path)
    texts = {name for name, kind in types.items() if kind == pa.string()}
    try:
        return _read(partial(arrow_source, path), texts), {}
    except pa.ArrowInvalid as error:
        # Arrow stops at the first value of another type and cannot skip a column.
        rows = _rows(path)
        faults = _faults(rows)
        if not faults:
            raise
        lines = [json.dumps({name: _to_text(name, value, faults) for name, value in row.items()}) for row in rows]
        converted = "\n".join(lines).encode()
        try:
            return _read(lambda: io.BytesIO(converted), texts | faults.keys()), faults
        except pa.ArrowInvalid as second:
            raise second from error


def _read(open_source: Callable[[], Any], texts: Collection[str]) -> pa.Table:
    table = pa.json.read_json(open_source())
    # Declared from the start, a column would appear in every table, even if no row has it.
    named = [name for name in table.column_names if column_name(name, texts) in texts]
    dated = [name for name in named if pa.types.is_timestamp(table.field(name).type)]
    if not dated:
        return table
    parsing = pa.json.ParseOptions(explicit_schema=pa.schema([(name, pa.string()) for name in dated]))
    return pa.json.read_json(open_source(), parse_options=parsing).select(table.column_names)


def _rows(path: Path) -> list[dict[str, Any]]:
    """Objects of all lines; empty if any line is not an object, so that the caller raises Arrow's clearer error."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
    except ValueError:
        return []
    return rows if all(isinstance(row, dict) for row in rows) else []


def _faults(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Messages about columns with values of several types, by column name, each with the first value that differs."""
    kinds: dict[str, str] = {}
    faults: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            if value is None or name in faults:
                continue
            kind = _KINDS[type(value)]
            if kinds.setdefault(name, kind) != kind:
                shown = json.dumps(value, ensure_ascii=False)[:_MAX_VALUE_CHARACTERS]
                faults[name] = f"column {name} is {kinds[name]} in some rows and {kind} in others, such as {shown}"
    return faults


def _to_text(name: str, value: Any, faults: Mapping[str, str]) -> Any:
    """Convert a value to text if it belongs to a column with values of several types."""
    return value if name not in faults or value is None or isinstance(value, str) else json.dumps(value)
