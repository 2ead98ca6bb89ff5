"""Two runs of the same rows side by side: what changed, the largest differences first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hierbatch.analysis.listening import ShownTakes
from hierbatch.analysis.measures_of_takes import MEASURES, TakeMeasure
from hierbatch.analysis.study import RunStudy, open_run

if TYPE_CHECKING:
    import pandas as pd

_FACTS = ("status", "error_kind", "voice", "text_norm", "phonemes", "flags")
"""Columns of which a change is told by name, the weightiest first; each outweighs those after it and any measure."""


@dataclass(frozen=True)
class Comparison:
    """Rows of two runs by id. `table` has a column pair `..._a`, `..._b` for each thing, and what `changed`."""

    a: RunStudy
    b: RunStudy
    table: pd.DataFrame
    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]

    def __repr__(self) -> str:
        n_changed = int((self.table["difference"] > 0).sum())
        return (
            f"Comparison: {len(self.table)} rows in both, {n_changed} differ; "
            f"{len(self.only_in_a)} only in {self.a.folder}, {len(self.only_in_b)} only in {self.b.folder}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.table.head(20).to_html(index=False)}"

    @property
    def measures(self) -> tuple[TakeMeasure, ...]:
        """Measures that both runs have."""
        return tuple(measure for measure in MEASURES if f"{measure.column}_a" in self.table)

    def summary(self) -> pd.DataFrame:
        """For each measure the medians, and of the change from a to b the median and how often it is a rise."""
        import pandas as pd

        rows = []
        for measure in self.measures:
            a, b = self.table[f"{measure.column}_a"], self.table[f"{measure.column}_b"]
            change = (b - a).dropna()
            if change.empty:
                continue
            told = {"measure": measure.axis, "median_a": a.median(), "median_b": b.median()}
            rows.append(told | {"median_change": change.median(), "risen": (change > 0).mean(), "n_rows": len(change)})
        return pd.DataFrame(rows)

    def show(self, rows: pd.DataFrame | Sequence[str] | str | int = 6) -> ShownPairs:
        """Both takes of some rows, one above the other; of the rows that differ most where a number is given."""
        chosen = list(self.table["id"][:rows]) if isinstance(rows, int) else rows
        return ShownPairs(self.a.show(chosen), self.b.show(chosen))


@dataclass(frozen=True, slots=True)
class ShownPairs:
    """Takes of two runs under each other."""

    a: ShownTakes
    b: ShownTakes

    def _repr_html_(self) -> str:
        return f"<h4>a</h4>{self.a._repr_html_()}<h4>b</h4>{self.b._repr_html_()}"


def compare(a: RunStudy | str | Path, b: RunStudy | str | Path) -> Comparison:
    """Put the rows of two runs side by side by id, differences first.

    A change of the outcome comes first, then of the voice, the text, the phonemes and the flags, then of the measures:
    each in spreads (mean absolute deviations) of that measure over both runs, added up. Equal takes differ by 0.

    Raises:
        RunError: a folder is no run.
    """
    a, b = (run if isinstance(run, RunStudy) else open_run(run) for run in (a, b))
    left, right = _table(a), _table(b)
    both = left.merge(right, on="id", suffixes=("_a", "_b"))
    both.insert(1, "changed", _changes(both))
    both.insert(2, "difference", _differences(both))
    both = both.sort_values("difference", ascending=False, kind="stable").reset_index(drop=True)
    in_a, in_b = set(left["id"]), set(right["id"])
    return Comparison(
        a=a,
        b=b,
        table=both.drop(columns=["take_key_a", "take_key_b"]),
        only_in_a=tuple(name for name in left["id"] if name not in in_b),
        only_in_b=tuple(name for name in right["id"] if name not in in_a),
    )


def _table(run: RunStudy) -> pd.DataFrame:
    wanted = ("id", "take_key", *_FACTS, *(measure.column for measure in MEASURES))
    table = run.table([name for name in wanted if name in run.columns])
    table["flags"] = [", ".join(flags) if flags is not None else "" for flags in table["flags"]]
    return table


def _changes(both: pd.DataFrame) -> list[str]:
    """Names of the facts that are not the same, row by row."""
    differing = {name: both[f"{name}_a"].fillna("").ne(both[f"{name}_b"].fillna("")) for name in _FACTS}
    return [", ".join(name for name in _FACTS if differing[name].iloc[row]) for row in range(len(both))]


def _differences(both: pd.DataFrame) -> pd.Series:
    """One number a row to sort by."""
    total = both["id"].map(lambda _: 0.0).astype(float)
    for measure in MEASURES:
        if f"{measure.column}_a" in both and f"{measure.column}_b" in both:
            a, b = both[f"{measure.column}_a"], both[f"{measure.column}_b"]
            middle = np.nanmean(np.r_[a, b]) if a.notna().any() or b.notna().any() else np.nan
            spread = np.nanmean(np.abs(np.r_[a, b] - middle)) if np.isfinite(middle) else np.nan
            if spread > 0:
                total += ((b - a).abs() / spread).fillna(0.0)
    # Squashed below 1, so that a changed fact always outweighs.
    total = total / (1 + total)
    for weight, name in enumerate(reversed(_FACTS)):
        total += 2.0**weight * both["changed"].str.split(", ").map(lambda names, name=name: name in names)
    return total
