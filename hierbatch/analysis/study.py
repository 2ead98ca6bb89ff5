"""Access to a run from a notebook: tables, SQL, audio and outliers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.analysis.listening import TakeGallery, TakeSound
from hierbatch.analysis.summary import RunSummary, summarize
from hierbatch.analysis.take_measures import TakeMeasure, measures_of
from hierbatch.errors import InputError
from hierbatch.manifest.corpora.corpus_rows import read_corpus_rows
from hierbatch.manifest.runs.parts import read_voice_rows
from hierbatch.manifest.runs.run_layout import RunLayout
from hierbatch.manifest.takes.takes import Takes
from hierbatch.programs import require_package

if TYPE_CHECKING:
    import pandas as pd

_LARGE_COLUMNS = frozenset({"audio", "timings", "word_distances"})
_MAX_SHOWN = 48
_GALLERY_COLUMNS = ("id", "voice", "language", "status", "flags", "text", "text_norm", "error_kind", "error")
_MAD_TO_SIGMA = 1.4826
"""Ratio of the standard deviation of a normal distribution to its median absolute deviation."""


def open_run(folder: str | Path) -> RunStudy:
    """Open a run, finished or in progress, as a snapshot; open it again to see newer takes.

    Raises:
        RunError: the folder is not a run, or a file in it is damaged.
    """
    return RunStudy(Path(folder))


class RunStudy:
    """Snapshot of one run: each row that has a take appears once, with its best take."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._takes = Takes(folder)

    def __repr__(self) -> str:
        return f"RunStudy({str(self.folder)!r}: {len(self)} of {self.n_rows} rows have a take)"

    def __len__(self) -> int:
        """Number of rows that have a take, successful or failed."""
        return len(self._takes)

    @property
    def n_rows(self) -> int:
        """Number of requested rows."""
        return self._takes.n_rows

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, `audio` last."""
        return tuple(self._takes.schema.names)

    @property
    def measures(self) -> tuple[TakeMeasure, ...]:
        """Columns of measures with their titles, units and ranges."""
        return measures_of(self._takes.schema)

    @property
    def takes(self) -> Takes:
        """The run's takes as Arrow tables, whole or in chunks."""
        return self._takes

    @property
    def voices(self) -> pa.Table:
        """The run's voices table with prompts; empty if the run has none."""
        layout = RunLayout(self.folder)
        path = layout.voices_file(layout.newest_generation())
        return read_voice_rows(path) if path.exists() else pa.table({"voice": pa.array([], pa.string())})

    def prompts(self, voices: Collection[str]) -> dict[str, TakeSound]:
        """Prompts of some voices, keyed by name; voices that the run does not have are left out."""
        layout = RunLayout(self.folder)
        path = layout.voices_file(layout.newest_generation())
        if not path.exists() or not voices:
            return {}
        rows = pq.read_table(path, columns=["voice", "audio"], filters=[("voice", "in", sorted(voices))]).to_pylist()
        return {row["voice"]: TakeSound(row["voice"], row["audio"]["bytes"]) for row in rows if row["audio"]}

    @cached_property
    def summary(self) -> RunSummary:
        """Counts, distributions and measures per voice; the data of the plots."""
        return summarize(self._takes)

    def table(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows in manifest order; by default all columns except `audio`, `timings` and `word_distances`.

        Raises:
            InputError: the run lacks one of the columns.
        """
        result: pd.DataFrame = self.arrow(columns).to_pandas()
        return result

    def arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Variant of `table` that returns an Arrow table; raises InputError as `table` does."""
        names = [name for name in self.columns if name not in _LARGE_COLUMNS] if columns is None else list(columns)
        if unknown := [name for name in names if name not in self.columns]:
            raise InputError(
                f"The run has no column {', '.join(unknown)}", expected="any of " + ", ".join(self.columns)
            )
        return self._takes.table(names)

    def sql(self, query: str) -> pd.DataFrame:
        """Run a DuckDB query on the tables `takes` and `voices`, and on `corpus` for the rows of a corpus run.

        Only columns named in the query are read; `*` means all columns except `audio`, `timings` and `word_distances`.

        Raises:
            InputError: DuckDB rejects the query.
            ProgramError: DuckDB is not installed.
        """
        duckdb = require_package("duckdb", extra="study")
        words = set(re.findall(r"\w+", query))
        named = [name for name in self.columns if name in words]
        wants_all = re.search(r"\*(?!\s*\))|\bCOLUMNS\b", query, re.I)
        rest = [name for name in self.columns if wants_all and name not in words and name not in _LARGE_COLUMNS]
        with duckdb.connect() as connection:
            connection.register("takes", self.arrow([*named, *rest] or ["id"]))
            connection.register("voices", self.voices)
            if (corpus := read_corpus_rows(self.folder, self._takes)) is not None:
                connection.register("corpus", corpus)
            try:
                result: pd.DataFrame = connection.sql(query).df()
                return result
            except duckdb.Error as error:
                raise InputError(
                    "The query cannot be run", expected=f"columns {', '.join(self.columns)}", got=str(error)
                ) from error

    def audio(self, row_id: str) -> TakeSound:
        """Audio of one row: a player in a notebook, with `.samples` and `.rate_hz`.

        Raises:
            InputError: there is no such row, or it has no audio.
        """
        content = self._takes.sounds([row_id]).get(row_id)
        if content is None:
            known = set(self._takes.ids)
            got = "a failed row" if row_id in known else "an unknown id"
            raise InputError(f"There is no audio for {row_id}", expected="the id of a successful row", got=got)
        return TakeSound(row_id, content)

    def show(self, rows: pd.DataFrame | Iterable[str] | str | int = 12) -> TakeGallery:
        """Gallery of up to 48 rows, with players, spectrograms, texts and flags.

        Args:
            rows: a table with an `id` column, one or more ids, or a number of rows from the start.
        """
        ids = self._ids_of(rows)[:_MAX_SHOWN]
        columns = [name for name in self.columns if name in _GALLERY_COLUMNS]
        columns += [measure.column for measure in self.measures]
        found = {row["id"]: row for row in self._takes.rows(ids, columns).to_pylist()}
        sounds = {name: TakeSound(name, content) for name, content in self._takes.sounds(ids).items()}
        return TakeGallery([found[name] for name in ids if name in found], sounds, self.measures)

    def outliers(self, column: str, n: int = 10, by: str | None = None) -> pd.DataFrame:
        """Rows furthest from the median of a column, sorted by absolute deviation, largest first.

        The column `deviation` is in robust standard deviations (1.4826 median absolute deviations) or, if these are 0,
        in mean absolute deviations. Rows at the median are left out.

        Args:
            column: a numeric column.
            n: maximum number of rows.
            by: column to group by, e.g. `voice`: deviations are then from the group's median.

        Raises:
            InputError: the column is not numeric, or the run has no such column.
        """
        id_columns = [
            name for name in dict.fromkeys(("id", "voice", "language", by)) if name in self.columns and name != column
        ]
        table = self.table(list(dict.fromkeys([*id_columns, column, "flags", "text_norm"])))
        if table[column].dtype.kind not in "iuf":
            raise InputError(f"Column {column} is not numeric", expected="a numeric column")
        groups = table[by] if by else np.zeros(len(table))
        from_median = table[column] - table.groupby(groups)[column].transform("median")
        spread = _MAD_TO_SIGMA * from_median.abs().groupby(groups).transform("median")
        # If more than half of the values are equal the spread is 0; the mean deviation still separates outliers.
        mean = from_median.abs().groupby(groups).transform("mean")
        table.insert(len(id_columns), "deviation", from_median / spread.where(spread > 0, mean).where(lambda x: x > 0))
        outliers = table[table["deviation"].abs() > 0]
        order = outliers["deviation"].abs().sort_values(ascending=False, kind="stable").index
        return outliers.loc[order].head(n)

    def _ids_of(self, rows: pd.DataFrame | Iterable[str] | str | int) -> list[str]:
        """Row ids from any of the forms that `show` accepts."""
        if isinstance(rows, str):
            return [rows]
        if isinstance(rows, int):
            return self._takes.ids[:rows]
        table: Any = rows
        if hasattr(table, "columns"):
            if "id" not in table:
                raise InputError("The table of rows to show has no ids", expected="a table with an `id` column")
            return [str(name) for name in table["id"]]
        return [str(name) for name in rows]
