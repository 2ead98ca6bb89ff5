"""Text files of data sets: transcripts, lists and tables with named columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from hierbatch.errors import InputError, SourceError
from hierbatch.storage import read_regular_file

_MAX_TRANSCRIPT_BYTES = 1 << 20
_MAX_TABLE_BYTES = 2 << 30
AUDIO_SUFFIXES = frozenset((".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma", ".webm"))


def audio_files(folder: Path) -> list[Path]:
    """Audio files at or below a folder, sorted by path; hidden files are left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def read_transcript(path: Path) -> str:
    """Text of one transcript file.

    Raises:
        SourceError: the file cannot be read, is too large, or is not UTF-8.
    """
    try:
        return read_regular_file(path, _MAX_TRANSCRIPT_BYTES).decode("utf-8-sig").strip()
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read", expected="a text file", got=error.strerror or str(error), fix="check the file"
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8", expected="UTF-8 text", got=str(error), fix="convert the file to UTF-8"
        ) from error


def read_lines(path: Path, encodings: Sequence[str] = ("utf-8-sig",)) -> list[str]:
    """Read the lines of a list or table, decoded with the first of the encodings that fits.

    Raises:
        InputError: the file cannot be read, or none of the encodings fits.
    """
    try:
        content = read_regular_file(path, _MAX_TABLE_BYTES)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read",
            expected="the table of the data set",
            got=error.strerror or str(error),
            fix="check that the data set is complete, or choose its layout with --layout",
        ) from error
    for encoding in encodings:
        try:
            return content.decode(encoding).splitlines()
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"The encoding of {path} is unknown", expected=" or ".join(encodings), fix="convert the file to UTF-8"
    )


def read_pairs(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield the line number, the key and the text after it for each line `KEY TEXT` of a list; skips empty lines."""
    for number, line in enumerate(read_lines(path), 1):
        key, _, rest = line.strip().replace("\t", " ").partition(" ")
        if key:
            yield number, key, rest.strip()


def read_records(path: Path, required: Sequence[str], *, delimiter: str = "\t") -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and the fields by column name of each row of a table; quotes have no special meaning.

    Args:
        path: UTF-8 table with a header.
        required: columns that the table must have.
        delimiter: separator of the fields.

    Raises:
        InputError: the table cannot be read, or a column is missing.
    """
    records = _records(path, delimiter)
    names = next(records, [])
    if missing := [name for name in required if name not in names]:
        raise InputError(
            f"{path} lacks {'a column' if len(missing) == 1 else 'columns'}: {', '.join(missing)}",
            expected=f"the columns {', '.join(required)}",
            got=", ".join(names) or "no header",
            fix="add the columns, or choose the layout of the data set with --layout",
        )
    for number, values in enumerate(filter(None, records), 2):
        yield (
            number,
            {name: "" for name in names if name}
            | {name: value for name, value in zip(names, values, strict=False) if name},
        )


def _records(path: Path, delimiter: str) -> Iterator[list[str]]:
    """Yield the fields of each line; raises InputError for a field that exceeds the size limit of the `csv` module."""
    try:
        yield from csv.reader(read_lines(path), delimiter=delimiter, quoting=csv.QUOTE_NONE)
    except csv.Error as error:
        raise InputError(
            f"{path} cannot be read", expected="a table with short fields", got=str(error), fix="check the file"
        ) from error
