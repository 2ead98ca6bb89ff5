"""Tables on disk: Parquet, CSV and JSON Lines read to one schema, Parquet written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import ManifestError
from hierbatch.manifest.csv_table import read_csv
from hierbatch.manifest.json_table import read_json
from hierbatch.manifest.schema import (
    AUDIO,
    AUDIO_ROW_GROUP,
    SCHEMA_VERSION,
    TEXT_ROW_GROUP,
    VERSION_KEY,
    Column,
)
from hierbatch.object_path import readable
from hierbatch.storage import write_whole

_BATCH_ROWS = 2048
_SOUND_BATCH_ROWS = 32
_SOUND_BATCH_BYTES = 16 << 20
"""Rows with sound inside them are read few at a time, and fewer where they are long."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table a user gave, read batch by batch; known columns come in their declared types, others as they are.

    Only Parquet is read in pieces; CSV and JSON Lines are held in memory as columns.
    """

    path: Path
    columns: tuple[Column, ...]
    raw_schema: pa.Schema
    problems: tuple[str, ...]
    unfit: frozenset[str]
    """Columns that `problems` speak of; the others can be read."""
    held: pa.Table | None

    @property
    def fitting(self) -> tuple[str, ...]:
        """Names of the columns nothing is the matter with."""
        return tuple(name for name in self.raw_schema.names if name not in self.unfit)

    @property
    def schema(self) -> pa.Schema:
        """Schema of the batches: declared types where the column is known."""
        declared = {column.name: column.type for column in self.columns}
        return pa.schema([pa.field(f.name, declared.get(f.name, f.type)) for f in self.raw_schema])

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Some thousand rows at a time; `names` leaves the other columns on the disk.

        Raises:
            ManifestError: the file is damaged further in, or a number does not fit its column.
        """
        try:
            for raw in self._raw_batches(names):
                yield conform(raw, self.columns)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from error

    def _raw_batches(self, names: Sequence[str] | None) -> Iterator[pa.Table]:
        if self.held is not None:
            chosen = self.held if names is None else self.held.select(list(names))
            yield from (chosen.slice(start, _BATCH_ROWS) for start in range(0, chosen.num_rows, _BATCH_ROWS))
            return
        chosen_types = [f.type for f in self.raw_schema if names is None or f.name in names]
        has_sound = any(map(pa.types.is_struct, chosen_types))
        with pq.ParquetFile(readable(self.path)) as file:
            n_rows = _rows_with_sound(file.metadata) if has_sound else _BATCH_ROWS
            for batch in file.iter_batches(batch_size=n_rows, columns=None if names is None else list(names)):
                yield pa.Table.from_batches([batch])


def open_table(path: Path, columns: tuple[Column, ...]) -> TableFile:
    """Open a Parquet, CSV or JSON Lines table; wrong types are kept as `problems`, for one report of all that is wrong.

    Raises:
        ManifestError: the file is missing, unreadable, of another kind, or made by a newer version.
    """
    if not path.is_file():
        raise ManifestError(f"There is no table at {path}", wanted="a .parquet, .csv or .jsonl file")
    try:
        schema, held, faults = _read(path, columns)
        names = schema.names  # decoded only here: the first line of a CSV file may be no UTF-8
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    _refuse_newer(path, schema)
    declared = {column.name: column for column in columns}
    known = [field for field in schema if field.name in declared and field.name not in faults]
    wrong = {field.name: problem for field in known if (problem := _type_problem(field, declared[field.name]))}
    repeated = sorted({name for name in names if names.count(name) > 1})
    problems = (*faults.values(), *wrong.values(), *(f"column {name} stands there twice" for name in repeated))
    return TableFile(path, columns, schema, problems, frozenset((*faults, *wrong, *repeated)), held)


def conform(table: pa.Table, columns: Iterable[Column]) -> pa.Table:
    """The same rows with every known column in its declared type; an empty text is no text."""
    for column in columns:
        at = table.schema.get_field_index(column.name)
        if at >= 0:
            values = table.column(at)
            cast = as_audio(values) if column.type == AUDIO else values.cast(column.type)
            if column.type == pa.string():
                cast = pc.if_else(pc.equal(cast, ""), pa.scalar(None, pa.string()), cast)
            table = table.set_column(at, pa.field(column.name, column.type), cast)
    return table


def as_audio(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Sound columns in the one struct: paths become structs without bytes, and fields are put in order."""
    empty = pa.chunked_array([pa.nulls(len(values))])
    if pa.types.is_struct(values.type):
        names = {field.name for field in values.type}
        parts = [pc.struct_field(values, name) if name in names else empty for name in ("bytes", "path")]
    else:
        parts = [empty, values]
    content, path = parts[0].cast(pa.binary()).combine_chunks(), parts[1].cast(pa.string()).combine_chunks()
    struct = pa.StructArray.from_arrays([content, path], fields=list(AUDIO), mask=values.is_null().combine_chunks())
    return pa.chunked_array([struct])


def write_table(tables: Iterable[pa.Table], schema: pa.Schema, target: Path) -> int:
    """Write tables one after the other as one Parquet file, whole or not at all; gives the number of rows.

    Raises:
        StorageError: the disk is full, read-only or gone.
        InputError: the folder cannot be made or written to.
    """
    with write_whole(target) as aside:
        return write_rows(tables, schema, aside)


def write_rows(tables: Iterable[pa.Table], schema: pa.Schema, path: Path) -> int:
    """The same straight to a path, for a caller that puts it down itself; raises OSError."""
    has_sound = AUDIO in schema.types
    fitting = (table.select(schema.names).cast(schema) for table in tables)
    n_rows = 0
    # Encoded sound packs no further: it is written as it is, which also spares copies of an hour's.
    packed = [name for field in schema if field.type != AUDIO for name in _leaves(field)]
    as_it_is = {name: "NONE" for field in schema if field.type == AUDIO for name in _leaves(field)}
    codecs = dict.fromkeys(packed, "zstd") | as_it_is
    with pq.ParquetWriter(path, schema, compression=codecs, use_dictionary=packed, write_statistics=packed) as writer:
        for table in fitting if has_sound else _gathered(fitting, TEXT_ROW_GROUP):
            writer.write_table(table, row_group_size=AUDIO_ROW_GROUP if has_sound else TEXT_ROW_GROUP)
            n_rows += table.num_rows
    return n_rows


def _gathered(tables: Iterable[pa.Table], n_rows: int) -> Iterator[pa.Table]:
    """The same rows, some together; only the last table has fewer."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(map(len, held)) >= n_rows:
            joined = pa.concat_tables(held)
            n_full = len(joined) // n_rows * n_rows
            yield joined.slice(0, n_full)
            held = [joined.slice(n_full)]
    if held:
        yield pa.concat_tables(held)


def _rows_with_sound(metadata: pq.FileMetaData) -> int:
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    row_bytes = max((group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=0.0)
    return int(min(_SOUND_BATCH_ROWS, max(1.0, _SOUND_BATCH_BYTES / max(1.0, row_bytes))))


def _leaves(field: pa.Field) -> Iterator[str]:
    """What Parquet calls the columns of a field: one a value inside it."""
    if pa.types.is_struct(field.type):
        yield from (f"{field.name}.{leaf}" for child in field.type for leaf in _leaves(child))
    elif pa.types.is_list(field.type):
        yield from (f"{field.name}.list.{leaf}" for leaf in _leaves(field.type.value_field.with_name("element")))
    else:
        yield field.name


def _unreadable(path: Path, error: Exception) -> ManifestError:
    return ManifestError(
        f"{path} cannot be read",
        wanted="a whole Parquet file, or UTF-8 text with one row a line, numbers inside their column's range",
        got=str(error).splitlines()[0],
    )


def _read(path: Path, columns: Iterable[Column]) -> tuple[pa.Schema, pa.Table | None, dict[str, str]]:
    """What there is, its rows where they are held, and what is the matter with columns of text."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return pq.read_schema(readable(path)), None, {}
    texts = {c.name: pa.string() if c.type == AUDIO else c.type for c in columns}
    if suffix == ".csv":
        held, faults = read_csv(path, texts)
    elif suffix in (".jsonl", ".ndjson"):
        held, faults = read_json(path, texts)
    else:
        raise ManifestError(f"{path} is no table", wanted="a .parquet, .csv or .jsonl file", got=suffix or "no suffix")
    return held.schema, held, faults


def _refuse_newer(path: Path, schema: pa.Schema) -> None:
    stamp = (schema.metadata or {}).get(VERSION_KEY)
    version = json.loads(stamp)["version"] if stamp else SCHEMA_VERSION
    if version > SCHEMA_VERSION:
        raise ManifestError(
            f"{path} was written by a newer hierbatch",
            wanted=f"schema version {SCHEMA_VERSION} or older",
            got=str(version),
            mend="upgrade hierbatch",
        )


def _type_problem(field: pa.Field, column: Column) -> str | None:
    given, wanted = field.type, column.type
    if pa.types.is_dictionary(given):
        given = given.value_type
    if given == wanted or pa.types.is_null(given):
        return None
    if wanted == AUDIO:
        fits = _is_text(given) or (pa.types.is_struct(given) and {"bytes", "path"} & {f.name for f in given})
    elif pa.types.is_floating(wanted):
        fits = pa.types.is_floating(given) or pa.types.is_integer(given)
    elif pa.types.is_integer(wanted):
        fits = pa.types.is_integer(given)
    else:
        fits = _is_text(given)
    return None if fits else f"column {column.name} is {field.type}, wanted {wanted}"


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
