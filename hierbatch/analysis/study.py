"""A run in a notebook: its table, SQL over it, its sound, what stands out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hierbatch.analysis.listening import ShownTakes, TakeSound
from hierbatch.analysis.measures_of_takes import measures_in
from hierbatch.analysis.summary import RunSummary, summarise
from hierbatch.errors import InputError
from hierbatch.manifest.run_layout import RunLayout
from hierbatch.manifest.takes import Takes
from hierbatch.programs import needed_package

if TYPE_CHECKING:
    import pandas as pd

_HEAVY = frozenset({"audio", "timings"})
_MOST_SHOWN = 48
_NAMING = ("id", "voice", "lang", "status", "flags", "text_norm", "error_kind", "error")
_MAD_TO_SIGMA = 1.4826
"""A median absolute deviation times this is the standard deviation of a normal distribution."""


def open_run(folder: str | Path) -> RunStudy:
    """A run to study, also while it goes on; what is made later is seen by opening it anew.

    Raises:
        RunError: the folder is no run, or a part of it is damaged.
    """
    return RunStudy(Path(folder))


class RunStudy:
    """A snapshot of one run: every row that was asked for once, with the take that counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._takes = Takes(folder)

    def __repr__(self) -> str:
        return f"RunStudy({str(self.folder)!r}: {len(self)} of {self.n_rows} rows have a take)"

    def __len__(self) -> int:
        """Rows that have a take, good or failed."""
        return len(self._takes)

    @property
    def n_rows(self) -> int:
        """Rows that were asked for."""
        return self._takes.n_rows

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, the sound last."""
        return tuple(self._takes.schema.names)

    @property
    def takes(self) -> Takes:
        """The run's takes as Arrow tables, whole or in pieces."""
        return self._takes

    @property
    def voices(self) -> pa.Table:
        """The run's own voices table, prompts and all; without a row where the run has none."""
        layout = RunLayout(self.folder)
        path = layout.voices_file(layout.newest_planned())
        return pq.read_table(path) if path.exists() else pa.table({"voice": pa.array([], pa.string())})

    @cached_property
    def summary(self) -> RunSummary:
        """Counts, distributions and each voice's measures: what the pictures are drawn from."""
        return summarise(self._takes)

    def table(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows in the order of the manifest; all columns but the sound and the word timings where none are named.

        Raises:
            InputError: a column the run does not have.
        """
        return self.arrow(columns).to_pandas()

    def arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The same as an Arrow table."""
        names = [name for name in self.columns if name not in _HEAVY] if columns is None else list(columns)
        if unknown := [name for name in names if name not in self.columns]:
            raise InputError(f"The run has no column {', '.join(unknown)}", wanted="any of " + ", ".join(self.columns))
        return self._takes.table(names)

    def sql(self, query: str) -> pd.DataFrame:
        """What a DuckDB query gives; the run's tables are called `takes` and `voices`, a corpus's own rows `corpus`.

        Only the columns the query names are read, so sound is read where it is named and never by `*`.

        Raises:
            InputError: DuckDB refuses the query.
            ProgramError: DuckDB is not installed.
        """
        duckdb = needed_package("duckdb", extra="study")
        words = set(re.findall(r"\w+", query))
        named = [name for name in self.columns if name in words]
        wants_all = re.search(r"\*(?!\s*\))|\bCOLUMNS\b", query, re.I)
        rest = [name for name in self.columns if wants_all and name not in words and name not in _HEAVY]
        with duckdb.connect() as connection:
            connection.register("takes", self.arrow([*named, *rest] or ["id"]))
            connection.register("voices", self.voices)
            if (corpus := RunLayout(self.folder).corpus_rows).exists():
                connection.register("corpus", pq.read_table(corpus))
            try:
                return connection.sql(query).df()
            except duckdb.Error as error:
                raise InputError(
                    "The query cannot be answered", wanted=f"columns {', '.join(self.columns)}", got=str(error)
                ) from error

    def audio(self, row_id: str) -> TakeSound:
        """The sound of one row: a player in a notebook, with `.samples` and `.rate_hz`.

        Raises:
            InputError: no such row, or one without sound.
        """
        content = self._takes.sounds([row_id]).get(row_id)
        if content is None:
            known = set(self._takes.ids)
            got = "a row that failed" if row_id in known else "no row of that id"
            raise InputError(f"There is no sound of {row_id}", wanted="the id of a spoken row", got=got)
        return TakeSound(row_id, content)

    def show(self, rows: pd.DataFrame | Iterable[str] | str | int = 12) -> ShownTakes:
        """Players, spectrograms, text and flags of some rows: a table with an `id` column, ids, or how many.

        At most 48 rows, the first of those that were given.
        """
        ids = self._ids_of(rows)[:_MOST_SHOWN]
        wanted = [name for name in self.columns if name in _NAMING]
        wanted += [measure.column for measure in measures_in(self.columns)]
        found = {row["id"]: row for row in self._takes.rows(ids, wanted).to_pylist()}
        sounds = {name: TakeSound(name, content) for name, content in self._takes.sounds(ids).items()}
        return ShownTakes([found[name] for name in ids if name in found], sounds)

    def outliers(self, column: str, n: int = 10, by: str | None = None) -> pd.DataFrame:
        """The rows furthest from the middle in one column; with `by`, from the middle of their own voice, say.

        `deviation` counts robust standard deviations (1.4826 median absolute deviations) from the median. Rows that
        lie nowhere else than the median are left out.
        """
        naming = [
            name for name in dict.fromkeys(("id", "voice", "lang", by)) if name in self.columns and name != column
        ]
        table = self.table(list(dict.fromkeys([*naming, column, "flags", "text_norm"])))
        if table[column].dtype.kind not in "iuf":
            raise InputError(f"{column} is no number", wanted="a column of numbers")
        groups = table[by] if by else np.zeros(len(table))
        from_middle = table[column] - table.groupby(groups)[column].transform("median")
        spread = _MAD_TO_SIGMA * from_middle.abs().groupby(groups).transform("median")
        # Where more than half are equal the spread is 0: the mean deviation still tells a stray from the rest.
        mean = from_middle.abs().groupby(groups).transform("mean")
        table.insert(len(naming), "deviation", from_middle / spread.where(spread > 0, mean).where(lambda x: x > 0))
        strays = table[table["deviation"].abs() > 0]
        order = strays["deviation"].abs().sort_values(ascending=False, kind="stable").index
        return strays.loc[order].head(n)

    def _ids_of(self, rows: pd.DataFrame | Iterable[str] | str | int) -> list[str]:
        if isinstance(rows, str):
            return [rows]
        if isinstance(rows, int):
            return self._takes.ids[:rows]
        table: Any = rows
        if hasattr(table, "columns"):
            if "id" not in table:
                raise InputError("The rows to show have no ids", wanted="a table with an `id` column")
            return [str(name) for name in table["id"]]
        return [str(name) for name in rows]
