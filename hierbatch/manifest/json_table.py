"""JSON Lines read to the types that their values have; columns whose values are of several are told, all of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from hierbatch.object_path import readable

_LONGEST_VALUE = 60

_KINDS = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}
"""What JSON calls a value."""


def read_json(path: Path, types: Mapping[str, pa.DataType]) -> tuple[pa.Table, dict[str, str]]:
    """The table, and what is the matter with columns whose values are of several kinds: these are left as text.

    Of `types` only which columns are text counts: one that is all dates stays text.

    Raises:
        ArrowInvalid: a line is no JSON object, names a column twice, or lists hold values of several kinds.
        OSError: the file cannot be read.
    """
    texts = {name for name, kind in types.items() if kind == pa.string()}
    try:
        return _read(partial(readable, path), texts), {}
    except pa.ArrowInvalid as error:
        # Arrow stops at the first value of another kind, and cannot be told to leave a column out.
        rows = _rows(path)
        faults = _faults(rows)
        if not faults:
            raise
        lines = [json.dumps({name: _left(name, value, faults) for name, value in row.items()}) for row in rows]
        mended = "\n".join(lines).encode()
        try:
            return _read(lambda: io.BytesIO(mended), texts | faults.keys()), faults
        except pa.ArrowInvalid as deeper:
            raise deeper from error


def _read(open_source: Callable[[], Any], texts: Iterable[str]) -> pa.Table:
    table = pa.json.read_json(open_source())
    # Asked for in the first place, a column would stand in every table, also where no row has it.
    dated = [name for name in texts if name in table.column_names and pa.types.is_timestamp(table.field(name).type)]
    if not dated:
        return table
    parsing = pa.json.ParseOptions(explicit_schema=pa.schema([(name, pa.string()) for name in dated]))
    return pa.json.read_json(open_source(), parse_options=parsing).select(table.column_names)


def _rows(path: Path) -> list[dict[str, Any]]:
    """The objects of all lines, or none where a line is something else: that Arrow tells better."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
    except ValueError:
        return []
    return rows if all(isinstance(row, dict) for row in rows) else []


def _faults(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Columns that hold values of several kinds, each with the first one that is not as those before it."""
    kinds: dict[str, str] = {}
    faults: dict[str, str] = {}
    for row in rows:
        for name, value in row.items():
            if value is None or name in faults:
                continue
            kind = _KINDS[type(value)]
            if kinds.setdefault(name, kind) != kind:
                shown = json.dumps(value, ensure_ascii=False)[:_LONGEST_VALUE]
                faults[name] = f"column {name} is {kinds[name]} in some rows and {kind} in others, such as {shown}"
    return faults


def _left(name: str, value: Any, faults: Mapping[str, str]) -> Any:
    """A value as it is, or as text where its column holds several kinds."""
    return value if name not in faults or value is None or isinstance(value, str) else json.dumps(value)
