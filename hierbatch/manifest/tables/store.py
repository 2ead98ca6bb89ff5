"""Reader of users' tables (Parquet, CSV or JSON Lines) with declared column types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hierbatch.errors import ManifestError
from hierbatch.manifest.columns.column import Column
from hierbatch.manifest.columns.schema import AUDIO
from hierbatch.manifest.tables.csv_table import read_csv
from hierbatch.manifest.tables.headers import column_name, renamed_schema
from hierbatch.manifest.tables.integrity import check_text, check_version
from hierbatch.manifest.tables.json_table import read_json
from hierbatch.manifest.tables.recordings_folder import recordings_table
from hierbatch.manifest.tables.shard import ROW_COLUMN, Shard
from hierbatch.object_path import arrow_source, is_remote

_BATCH_ROWS = 2048
_SOUND_BATCH_ROWS = 32
_SOUND_BATCH_BYTES = 16 << 20
"""Target size of a batch of rows with embedded audio; batches have fewer rows if the audio is long."""
_TEXTS = ("text", "phonemes")
"""Columns whose text is kept as written; the values of other text columns are names, and are normalized to NFC."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A user's table, read in batches; known columns are cast to their declared types.

    Only Parquet is streamed; CSV and JSON Lines are loaded into memory.
    """

    path: Path
    columns: tuple[Column, ...]
    raw_schema: pa.Schema
    """Schema with the names that `column_name` returns, and the types as stored in the file."""
    problems: tuple[str, ...]
    invalid_columns: frozenset[str]
    """Columns named in `problems`; all others can be read."""
    loaded: pa.Table | None
    """The whole table if the file is CSV or JSON Lines, or the path is a folder of recordings; None for Parquet."""
    is_numbered: bool = False
    """True for a table without ids whose rows are named by their position, `r000001` and so on."""
    shard: Shard | None = None
    """Share of the rows to read; None for all. The rows of a shard also have the column `manifest_row`."""

    def with_ids(self) -> TableFile:
        """Return the table itself if it has a column `id`, otherwise a copy with ids by position."""
        return self if "id" in self.raw_schema.names else replace(self, is_numbered=True)

    @property
    def valid_columns(self) -> tuple[str, ...]:
        """Names of the columns without problems."""
        return tuple(name for name in self.schema.names if name not in self.invalid_columns)

    @property
    def schema(self) -> pa.Schema:
        """Schema of the batches; known columns have their declared types."""
        declared = {column.name: column.type for column in self.columns}
        numbers = [pa.field("id", pa.string())] if self.is_numbered else []
        rows = [pa.field(ROW_COLUMN, pa.int64())] if self.shard else []
        return pa.schema([*numbers, *(pa.field(f.name, declared.get(f.name, f.type)) for f in self.raw_schema), *rows])

    def batches(self, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the table in batches of up to 2048 rows, with all columns or only those in `names`.

        Raises:
            ManifestError: the file is damaged, or a number exceeds the range of its column.
        """
        if self.shard is None:
            yield from self._whole_batches(names)
            return
        first = 0
        read = None if names is None else [name for name in dict.fromkeys(("id", *names)) if name != ROW_COLUMN]
        for table in self._whole_batches(read):
            rows = pa.array(range(first, first + len(table)), pa.int64())
            first += len(table)
            selected = table.append_column(ROW_COLUMN, rows).filter(pa.array(self.shard.mask(table.column("id"))))
            if len(selected):
                yield selected if names is None else selected.select(list(names))

    def _whole_batches(self, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        own = names if names is None or not self.is_numbered else [name for name in names if name != "id"]
        first = 0
        try:
            for raw in self._raw_batches(own or self.raw_schema.names[:1] if own is not None else None):
                table = conform(raw, self.columns)
                if self.is_numbered and (names is None or "id" in names):
                    ids = [f"r{first + number:06d}" for number in range(1, len(table) + 1)]
                    first += len(table)
                    table = table.add_column(0, "id", pa.array(ids, pa.string()))
                yield table if names is None else table.select(list(names))
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from error

    def _raw_batches(self, names: Sequence[str] | None) -> Iterator[pa.Table]:
        if self.loaded is not None:
            table = self.loaded if names is None else self.loaded.select(list(names))
            yield from (table.slice(start, _BATCH_ROWS) for start in range(0, table.num_rows, _BATCH_ROWS))
            return
        types = [f.type for f in self.raw_schema if names is None or f.name in names]
        has_sound = any(map(pa.types.is_struct, types))
        declared = {column.name for column in self.columns}
        with pq.ParquetFile(arrow_source(self.path)) as file:
            n_rows = _rows_with_sound(file.metadata) if has_sound else _BATCH_ROWS
            stored = [name for name in file.schema_arrow.names if names is None or column_name(name, declared) in names]
            for batch in file.iter_batches(batch_size=n_rows, columns=None if names is None else stored):
                table = check_text(pa.Table.from_batches([batch]), self.path)
                yield table.rename_columns([column_name(name, declared) for name in table.column_names])


def open_table(path: Path, columns: tuple[Column, ...]) -> TableFile:
    """Open a Parquet, CSV or JSON Lines table, or a folder of recordings as a table.

    Columns of a wrong type raise no error; they are listed in `problems`, so that all can be reported together.

    Raises:
        ManifestError: the file is missing, unreadable, of an unknown format, or written by a newer version.
    """
    if not is_remote(path) and path.is_dir():
        rows = recordings_table(path)
        return TableFile(path, columns, rows.schema, (), frozenset(), rows)
    if not path.is_file():
        raise ManifestError(
            f"There is no table at {path}", expected="a .parquet, .csv or .jsonl file", fix="check the path"
        )
    declared = {column.name: column for column in columns}
    try:
        stored, loaded, by_stored_name = _read(path, columns)
        schema = renamed_schema(stored, declared)  # names are decoded only here: a CSV file may not be UTF-8
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    check_version(path, schema)
    names = schema.names
    loaded = loaded and loaded.rename_columns(names)
    faults = {column_name(name, declared): fault for name, fault in by_stored_name.items()}
    known = [field for field in schema if field.name in declared and field.name not in faults]
    wrong = {field.name: problem for field in known if (problem := _type_problem(field, declared[field.name]))}
    repeated = sorted({name for name in names if names.count(name) > 1})
    problems = (*faults.values(), *wrong.values(), *(f"column {name} occurs twice" for name in repeated))
    return TableFile(path, columns, schema, problems, frozenset((*faults, *wrong, *repeated)), loaded)


def conform(table: pa.Table, columns: Iterable[Column]) -> pa.Table:
    """Cast known columns to their declared types.

    In text columns, empty strings become null, and all text except `text` and `phonemes` is normalized to NFC.
    """
    for column in columns:
        at = table.schema.get_field_index(column.name)
        if at >= 0:
            values = table.column(at)
            cast = as_audio(values) if column.type == AUDIO else values.cast(column.type)
            if column.type == pa.string():
                cast = pc.if_else(pc.equal(cast, ""), pa.scalar(None, pa.string()), cast)
                cast = cast if column.name in _TEXTS else pc.utf8_normalize(cast, "NFC")
            table = table.set_column(at, pa.field(column.name, column.type), cast)
    return table


def as_audio(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert an audio column to structs of the type `AUDIO`; plain paths become structs without bytes."""
    empty = pa.chunked_array([pa.nulls(len(values))])
    if pa.types.is_struct(values.type):
        names = {field.name for field in values.type}
        parts = [pc.struct_field(values, name) if name in names else empty for name in ("bytes", "path")]
    else:
        parts = [empty, values]
    content, path = parts[0].cast(pa.binary()).combine_chunks(), parts[1].cast(pa.string()).combine_chunks()
    is_unset = pc.and_(pc.equal(pc.binary_length(content), 0), pc.is_valid(path))  # no audio: the path counts
    content = pc.if_else(is_unset, pa.scalar(None, pa.binary()), content) if pc.any(is_unset).as_py() else content
    struct = pa.StructArray.from_arrays([content, path], fields=list(AUDIO), mask=values.is_null().combine_chunks())
    return pa.chunked_array([struct])


def _rows_with_sound(metadata: pq.FileMetaData) -> int:
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    row_bytes = max((group.total_byte_size / group.num_rows for group in groups if group.num_rows), default=0.0)
    return int(min(_SOUND_BATCH_ROWS, max(1.0, _SOUND_BATCH_BYTES / max(1.0, row_bytes))))


def _unreadable(path: Path, error: Exception) -> ManifestError:
    is_encoding = "utf" in str(error).lower()
    return ManifestError(
        f"{path} cannot be read",
        expected="a complete Parquet file, or UTF-8 text with one row per line and numbers in range",
        got=str(error).splitlines()[0],
        fix="save it as UTF-8 (in spreadsheets: CSV UTF-8)" if is_encoding else "correct the table",
    )


def _read(path: Path, columns: Iterable[Column]) -> tuple[pa.Schema, pa.Table | None, dict[str, str]]:
    """Read the schema of a table, and all its rows if it is CSV or JSON Lines.

    Returns:
        Schema, rows (None for Parquet), and by column name a message about values that do not fit the type of the
        column.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return pq.read_schema(arrow_source(path)), None, {}
    texts = {c.name: pa.string() if c.type == AUDIO else c.type for c in columns}
    if suffix == ".csv":
        loaded, faults = read_csv(path, texts)
    elif suffix in (".jsonl", ".ndjson"):
        loaded, faults = read_json(path, texts)
    else:
        raise ManifestError(
            f"{path} is not a table",
            expected="a .parquet, .csv or .jsonl file",
            got=suffix or "no suffix",
            fix="convert the table",
        )
    return loaded.schema, loaded, faults


def _type_problem(field: pa.Field, column: Column) -> str | None:
    actual, declared = field.type, column.type
    if pa.types.is_dictionary(actual):
        actual = actual.value_type
    if actual == declared or pa.types.is_null(actual):
        return None
    if declared == AUDIO:
        matches = _is_text(actual) or (pa.types.is_struct(actual) and {"bytes", "path"} & {f.name for f in actual})
    elif pa.types.is_floating(declared):
        matches = pa.types.is_floating(actual) or pa.types.is_integer(actual)
    elif pa.types.is_integer(declared):
        matches = pa.types.is_integer(actual)
    else:
        matches = _is_text(actual)
    return None if matches else f"column {column.name} is {field.type}, expected {declared}"


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
