"""Checks of a table file before its content is used: schema version, UTF-8 text, and nesting of JSON."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import IO

import pyarrow as pa

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.schema import SCHEMA_VERSION, VERSION_KEY
from hierbatch.object_path import ObjectPath

MAX_JSON_DEPTH = 32
"""Maximum nesting of arrays and objects in a row; Arrow's parser crashes the process at a few thousand levels."""

_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_MAX_STAMP_CHARACTERS = 40


def check_text(table: pa.Table, path: Path) -> pa.Table:
    """Check that all text is UTF-8, and return the table; Arrow does not check this when it reads Parquet.

    Args:
        table: rows of a file.
        path: path of the file, used in error messages only.

    Raises:
        ManifestError: a column contains bytes that are not UTF-8.
    """
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            raise ManifestError(
                f"{path} has damaged values in column {name}",
                expected="text in UTF-8",
                got=str(error).splitlines()[0],
                fix="correct the table",
            ) from error
    return table


def check_version(path: Path, schema: pa.Schema) -> None:
    """Check the schema version of a table; a table from another program has no version and passes.

    Raises:
        ManifestError: the table was written by a newer version, or its metadata is damaged.
    """
    stamp = (schema.metadata or {}).get(VERSION_KEY)
    if stamp is None:
        return
    version = _read_version(stamp)
    if version is None:
        raise ManifestError(
            f"{path} has damaged metadata",
            expected=f'{VERSION_KEY.decode()} = {{"version": {SCHEMA_VERSION}}}',
            got=repr(stamp[:_MAX_STAMP_CHARACTERS]),
            fix="write the table again",
        )
    if version > SCHEMA_VERSION:
        raise ManifestError(
            f"{path} was written by a newer hierbatch",
            expected=f"schema version {SCHEMA_VERSION} or older",
            got=str(version),
            fix="upgrade hierbatch",
        )


def check_json_depth(path: Path) -> None:
    """Check the nesting of each line of a JSON Lines file.

    Raises:
        ManifestError: a line is nested too deeply.
        OSError: the file cannot be read.
    """
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            if line.count(b"[") + line.count(b"{") > MAX_JSON_DEPTH and _depth(line) > MAX_JSON_DEPTH:
                raise ManifestError(
                    f"Line {number} of {path} is nested too deeply",
                    expected=f"at most {MAX_JSON_DEPTH} levels of arrays and objects",
                    fix="remove the nested column, or store it as text",
                )


def _open(path: Path) -> IO[bytes]:
    return io.BufferedReader(path.open_input()) if isinstance(path, ObjectPath) else path.open("rb")


def _depth(line: bytes) -> int:
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(line):
        depth += _STEPS.get(match[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _read_version(stamp: bytes) -> int | None:
    try:
        version = json.loads(stamp)["version"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return version if isinstance(version, int) else None
