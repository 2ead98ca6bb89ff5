"""How sure a figure is: percentile bootstrap over items (Efron & Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_RESAMPLES = 2000
_SEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure, the interval that holds it 95 times in a hundred, and how many items it rests on."""

    value: float
    low: float
    high: float
    n_items: int


def estimate_ratio(
    numerators: Sequence[float], denominators: Sequence[float], *, confidence: float = 0.95, seed: int = _SEED
) -> Estimate:
    """Sum of numerators over sum of denominators, items resampled whole.

    Error rates put errors over words here, so a long sentence counts more than a short one and keeps its errors
    together; a mean is the case where every denominator is 1. The same items give the same interval.
    """
    if len(numerators) != len(denominators) or not len(numerators):
        raise ValueError(f"wanted pairs, at least one, but there are {len(numerators)} and {len(denominators)}")
    above, below = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    if not (below > 0).all():
        raise ValueError("every denominator must be positive")
    picks = np.random.default_rng(seed).integers(0, len(above), (_RESAMPLES, len(above)))
    values = above[picks].sum(1) / below[picks].sum(1)
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return Estimate(value=float(above.sum() / below.sum()), low=float(low), high=float(high), n_items=len(above))
