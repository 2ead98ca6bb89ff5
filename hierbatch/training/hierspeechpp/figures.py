"""Means of validation metrics over rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def mean_figures(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each metric over the rows that have it, without NaN; a metric that is NaN in every row is left out."""
    means: dict[str, float] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row[name] for row in rows if name in row and not math.isnan(row[name])]
        if values:
            means[name] = sum(values) / len(values)
    return means
