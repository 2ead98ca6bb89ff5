"""Takes of a run as a table of any size: sorted, filtered and counted by DuckDB in a file, one page at a time."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa

from hierbatch.analysis.take_measures import TakeMeasure, measures_of
from hierbatch.desk.run_view import RunState
from hierbatch.desk.table_query import TableQuery, quoted
from hierbatch.desk.take_names import take_name
from hierbatch.programs import require_package

_COLUMNS = ("id", "take_key", "attempt", "voice", "language", "status", "error_kind", "error", "text_norm", "flags")
_MEMORY, _N_THREADS = "128MB", 2
_DECIDED = pa.schema([("id", pa.string()), ("listened", pa.bool_()), ("note", pa.string())])
_VERDICTS = pa.schema(
    [("id", pa.string()), ("take_key", pa.string()), ("attempt", pa.int16()), ("verdict", pa.string())]
)
N_BARS = 40
_EVERYTHING = "(true)"
"""Condition of a query without filters."""


class CorpusTable:
    """Database of the best takes of one run, without audio; built when it is first needed, and again after changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder = tempfile.TemporaryDirectory(prefix="hierbatch-desk-", ignore_cleanup_errors=True)
        self._connection: Any = None
        self._version = 0
        self._loaded = b""  # digest of the places of the takes in the database
        self._ranges: dict[str, _Range | None] = {}
        self._choices: dict[str, list[str]] = {}

    def page(self, state: RunState, query: TableQuery) -> dict[str, Any]:
        """Rows of a page, and the number of all rows that the filters select.

        Args:
            state: snapshot of the run.
            query: filters, order and page.

        Returns:
            `rows` of the page, `total` number of selected rows, and `measures` that the takes have.

        Raises:
            InputError: the query names an unknown column.
            ProgramError: DuckDB is not installed.
        """
        measures = measures_of(state.takes.schema)
        where, values = query.where(measures)
        order = query.order(measures)
        names = ", ".join(quoted(name) for name in (*_COLUMNS, *(m.column for m in measures)))
        # Only the rows of the page are read with all of their columns.
        page = (
            f"SELECT takes.rowid AS place FROM takes LEFT JOIN choices USING (id) WHERE {where} "
            f"ORDER BY {order} LIMIT {query.limit} OFFSET {query.offset}"
        )
        sql = (
            f"SELECT {names}, position, verdict, listened, note FROM takes LEFT JOIN choices USING (id) "
            f"WHERE takes.rowid IN (SELECT place FROM page) ORDER BY {order}"
        )
        with self._lock:
            database = self._open(state)
            total = database.execute(
                f"SELECT count(*) FROM takes LEFT JOIN choices USING (id) WHERE {where}", values
            ).fetchone()[0]
            found = database.execute(f"WITH page AS ({page}) {sql}", values)
            columns = [column[0] for column in found.description]
            rows = [{n: _finite(v) for n, v in zip(columns, row, strict=True)} for row in found.fetchall()]
        state.takes.remember({row["id"]: row.pop("position") for row in rows})
        for row in rows:
            row["take"] = take_name(row.pop("take_key"), row["attempt"])
        return {"total": total, "rows": rows, "measures": [asdict(measure) for measure in measures]}

    def histograms(self, state: RunState, query: TableQuery) -> list[dict[str, Any]]:
        """Two histograms of each measure: of all takes, and of the takes that the filters select.

        The range filter of a measure is not applied to its own histogram, so that the range can be widened again.
        """
        measures = measures_of(state.takes.schema)
        with self._lock:
            database = self._open(state)
            found = [self._histogram(database, measure, measures, query) for measure in measures]
        return [histogram for histogram in found if histogram]

    def choices(self, state: RunState) -> dict[str, list[str]]:
        """Distinct voices, languages, flags and kinds of errors, to filter by."""
        with self._lock:
            database = self._open(state)
            if not self._choices:
                self._choices = {
                    name: [
                        row[0]
                        for row in database.execute(f"SELECT DISTINCT {sql} FROM takes ORDER BY 1").fetchall()
                        if row[0]
                    ]
                    for name, sql in _FEW.items()
                }
            return self._choices

    def sample(self, state: RunState, query: TableQuery, n_rows: int, seed: int) -> list[tuple[str, str, int]]:
        """Random sample of the successful takes that the filters select, each as id, take key and attempt.

        Args:
            state: snapshot of the run.
            query: filters.
            n_rows: maximum number of takes.
            seed: seed of the sample; the same seed selects the same takes.
        """
        where, values = query.where(measures_of(state.takes.schema))
        sql = f"SELECT id, take_key, attempt FROM takes LEFT JOIN choices USING (id) WHERE status = 'ok' AND {where}"
        with self._lock:
            found = self._open(state).execute(f"{sql} ORDER BY md5(id || ?) LIMIT ?", [*values, f" {seed}", n_rows])
            return [(str(row_id), str(key), int(attempt)) for row_id, key, attempt in found.fetchall()]

    def close(self) -> None:
        """Remove the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            self._folder.cleanup()

    def _open(self, state: RunState) -> Any:
        """Bring the database up to date with the takes and decisions of the snapshot, and return the connection."""
        if self._connection is None:
            duckdb = require_package("duckdb", extra="desk")
            config = {"memory_limit": _MEMORY, "threads": _N_THREADS, "temp_directory": self._folder.name}
            config["preserve_insertion_order"] = False  # rows have positions; loading needs less memory
            self._connection = duckdb.connect(str(Path(self._folder.name) / "takes.duckdb"), config=config)
        if self._version != state.version:
            parts, locations = state.takes.locations
            if (digest := _digest(parts, locations)) != self._loaded:
                self._load_takes(state, parts, locations)
                self._loaded = digest
            del locations
            self._load_choices(state)
            self._version = state.version
        return self._connection

    def _load_takes(self, state: RunState, parts: Sequence[Path], locations: pa.Table) -> None:
        columns = [*_COLUMNS, *(measure.column for measure in measures_of(state.takes.schema))]
        schema = pa.schema([state.takes.schema.field(name) for name in columns])
        files = pa.table({"part": pa.array(range(len(parts)), pa.int32()), "filename": [str(part) for part in parts]})
        database = self._connection
        database.register("locations", locations)
        database.register("files", files)
        database.register("empty", schema.empty_table())
        database.execute("CREATE OR REPLACE TABLE takes AS SELECT *, 0::BIGINT AS position FROM empty")
        if len(locations):
            source = "read_parquet(?, filename = true, file_row_number = true, union_by_name = true)"
            listed = [str(part) for part in parts]
            found = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {source}", [listed]).fetchall()}
            # A measure that was added later is missing in earlier parts, or in all of them.
            names = ", ".join(quoted(name) for name in columns if name in found)
            database.execute(
                f"INSERT INTO takes BY NAME SELECT {names}, position FROM {source} JOIN files USING (filename) "
                "JOIN locations ON locations.part = files.part AND locations.row = file_row_number",
                [listed],
            )
        for name in ("locations", "files", "empty"):
            database.unregister(name)
        self._ranges, self._choices = {}, {}
        pa.default_memory_pool().release_unused()

    def _load_choices(self, state: RunState) -> None:
        rows = {row_id: state.choices.row(row_id) for row_id in state.choices}
        decided = [
            {"id": row_id, "listened": choices.is_listened, "note": choices.note} for row_id, choices in rows.items()
        ]
        verdicts = [
            {"id": row_id, "take_key": key, "attempt": attempt, "verdict": verdict}
            for row_id, choices in rows.items()
            for (key, attempt), verdict in choices.verdicts.items()
        ]
        self._connection.register("decided", pa.Table.from_pylist(decided, schema=_DECIDED))
        self._connection.register("verdicts", pa.Table.from_pylist(verdicts, schema=_VERDICTS))
        self._connection.execute(
            "CREATE OR REPLACE TABLE choices AS SELECT decided.id, verdict, listened, note FROM decided "
            "LEFT JOIN (SELECT verdicts.id, verdict FROM verdicts JOIN takes USING (id, take_key, attempt)) USING (id)"
        )
        for name in ("decided", "verdicts"):
            self._connection.unregister(name)

    def _histogram(
        self, database: Any, measure: TakeMeasure, measures: Sequence[TakeMeasure], query: TableQuery
    ) -> dict[str, Any] | None:
        if measure.column not in self._ranges:
            self._ranges[measure.column] = _read_range(database, measure.column)
        if (found := self._ranges[measure.column]) is None:
            return None
        where, values = query.without(measure.column).where(measures)
        is_all = where == _EVERYTHING
        selected = found.bars if is_all else _count_bars(database, measure.column, found, where, values)
        return {**asdict(measure), "low": found.low, "high": found.high, "all": found.bars, "selected": selected}


def _digest(parts: Sequence[Path], locations: pa.Table) -> bytes:
    """Digest of the places of all takes; the places themselves would take 20 MB for a million takes."""
    digest = blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogateescape"), digest_size=16)
    for column in locations.columns:
        for chunk in column.chunks:
            for buffer in filter(None, chunk.buffers()):
                digest.update(buffer)
    return digest.digest()


@dataclass(frozen=True, slots=True)
class _Range:
    """Range and histogram of a measure in the whole run."""

    low: float
    high: float
    bars: list[int] = field(default_factory=list)


def _read_range(database: Any, column: str) -> _Range | None:
    name = quoted(column)
    low, high = database.execute(f"SELECT min({name}), max({name}) FROM takes WHERE isfinite({name})").fetchone()
    if low is None:
        return None
    found = _Range(low, high)
    return replace(found, bars=_count_bars(database, column, found, _EVERYTHING, []))


def _count_bars(database: Any, column: str, found: _Range, where: str, values: Sequence[Any]) -> list[int]:
    name, width = quoted(column), (found.high - found.low) / N_BARS or 1.0
    join = "" if where == _EVERYTHING else "LEFT JOIN choices USING (id) "
    counts = database.execute(
        f"SELECT least({N_BARS - 1}, floor(({name} - ?) / ?))::INTEGER AS bar, count(*) FROM takes {join}"
        f"WHERE isfinite({name}) AND {where} GROUP BY bar",
        [found.low, width, *values],
    ).fetchall()
    bars = [0] * N_BARS
    for bar, count in counts:
        bars[bar] = count
    return bars


_FEW: Mapping[str, str] = {
    "voice": "voice",
    "language": "language",
    "flag": "unnest(flags)",
    "error_kind": "error_kind",
}


def _finite(value: Any) -> Any:
    """Value for JSON: None for NaN and infinite numbers, which JSON cannot represent; otherwise unchanged."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
