"""Row-by-row comparison of two runs, largest differences first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hierbatch.analysis.listening import TakeGallery
from hierbatch.analysis.study import RunStudy, open_run
from hierbatch.analysis.take_measures import TakeMeasure

if TYPE_CHECKING:
    import pandas as pd

_OUTCOME_COLUMNS = ("status", "error_kind", "voice", "text_norm", "phonemes", "flags")
"""Columns whose changes are listed by name, most important first: a change in one outweighs all changes after it."""


@dataclass(frozen=True)
class RunComparison:
    """Rows of two runs joined by id.

    `table` has two columns, `..._a` and `..._b`, for each compared column; a column `changed` with the names of the
    outcome columns that differ; and a column `difference`, by which the rows are sorted, largest first.
    """

    a: RunStudy
    b: RunStudy
    table: pd.DataFrame
    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]

    def __repr__(self) -> str:
        n_changed = int((self.table["difference"] > 0).sum())
        return (
            f"RunComparison: {len(self.table)} rows in both, {n_changed} differ; "
            f"{len(self.only_in_a)} only in {self.a.folder}, {len(self.only_in_b)} only in {self.b.folder}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.table.head(20).to_html(index=False)}"

    @property
    def measures(self) -> tuple[TakeMeasure, ...]:
        """Measures present in both runs."""
        return _common_measures(self.a, self.b)

    def summary(self) -> pd.DataFrame:
        """Table of the measures: medians of a and b, median change, share that rose (`risen`), number of rows."""
        import pandas as pd

        rows = []
        for measure in self.measures:
            a, b = self.table[f"{measure.column}_a"], self.table[f"{measure.column}_b"]
            change = (b - a).dropna()
            if change.empty:
                continue
            medians = {"measure": measure.axis, "median_a": a.median(), "median_b": b.median()}
            rows.append(
                medians | {"median_change": change.median(), "risen": (change > 0).mean(), "n_rows": len(change)}
            )
        return pd.DataFrame(rows)

    def show(self, rows: pd.DataFrame | Sequence[str] | str | int = 6) -> TakePairGallery:
        """Players for both takes of the given rows; a number shows that many of the most different rows."""
        selected = list(self.table["id"][:rows]) if isinstance(rows, int) else rows
        return TakePairGallery(self.a.show(selected), self.b.show(selected))


@dataclass(frozen=True, slots=True)
class TakePairGallery:
    """Takes of two runs, one gallery above the other."""

    a: TakeGallery
    b: TakeGallery

    def _repr_html_(self) -> str:
        return f"<h4>a</h4>{self.a._repr_html_()}<h4>b</h4>{self.b._repr_html_()}"


def compare(a: RunStudy | str | Path, b: RunStudy | str | Path) -> RunComparison:
    """Join the rows of two runs by id and sort them by difference.

    A changed status or kind of error ranks first, then changes of the voice, the text, the phonemes and the flags, then
    the sum of the absolute changes of the measures, each divided by the mean absolute deviation of that measure over
    both runs. Equal takes have a difference of 0.

    Raises:
        RunError: one of the folders is not a run, or a file in it is damaged.
    """
    a, b = (run if isinstance(run, RunStudy) else open_run(run) for run in (a, b))
    left, right = _table(a), _table(b)
    both = left.merge(right, on="id", suffixes=("_a", "_b"))
    both.insert(1, "changed", _changes(both))
    both.insert(2, "difference", _differences(both, _common_measures(a, b)))
    both = both.sort_values("difference", ascending=False, kind="stable").reset_index(drop=True)
    in_a, in_b = set(left["id"]), set(right["id"])
    return RunComparison(
        a=a,
        b=b,
        table=both.drop(columns=["take_key_a", "take_key_b"]),
        only_in_a=tuple(name for name in left["id"] if name not in in_b),
        only_in_b=tuple(name for name in right["id"] if name not in in_a),
    )


def _table(run: RunStudy) -> pd.DataFrame:
    """Ids, take keys and compared columns of a run, with the flags of a row as one string."""
    names = ("id", "take_key", *_OUTCOME_COLUMNS, *(measure.column for measure in run.measures))
    table = run.table([name for name in names if name in run.columns])
    table["flags"] = [", ".join(flags) if flags is not None else "" for flags in table["flags"]]
    return table


def _changes(both: pd.DataFrame) -> list[str]:
    """Names of the outcome columns that differ, one string per row."""
    differing = {name: both[f"{name}_a"].fillna("").ne(both[f"{name}_b"].fillna("")) for name in _OUTCOME_COLUMNS}
    return [", ".join(name for name in _OUTCOME_COLUMNS if differing[name].iloc[row]) for row in range(len(both))]


def _common_measures(a: RunStudy, b: RunStudy) -> tuple[TakeMeasure, ...]:
    return tuple(measure for measure in a.measures if measure.column in b.columns)


def _differences(both: pd.DataFrame, measures: Sequence[TakeMeasure]) -> pd.Series:
    """Difference of each row between the runs, as `compare` defines it."""
    total = both["id"].map(lambda _: 0.0).astype(float)
    for measure in measures:
        a, b = both[f"{measure.column}_a"], both[f"{measure.column}_b"]
        middle = np.nanmean(np.r_[a, b]) if a.notna().any() or b.notna().any() else np.nan
        spread = np.nanmean(np.abs(np.r_[a, b] - middle)) if np.isfinite(middle) else np.nan
        if spread > 0:
            total += ((b - a).abs() / spread).fillna(0.0)
    # Mapped to less than 1, so that a changed outcome column always outweighs the measures.
    total = total / (1 + total)
    for weight, name in enumerate(reversed(_OUTCOME_COLUMNS)):
        total += 2.0**weight * both["changed"].str.split(", ").map(lambda names, name=name: name in names)
    return total
