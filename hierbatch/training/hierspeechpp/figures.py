"""Means of validation figures over rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def mean_figures(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each figure over the rows that have it; a figure that is NaN in every row is left out."""
    means: dict[str, float] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row[name] for row in rows if name in row and not math.isnan(row[name])]
        if values:
            means[name] = sum(values) / len(values)
    return means
