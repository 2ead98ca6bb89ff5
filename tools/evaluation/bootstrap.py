"""Confidence intervals by percentile bootstrap over items (Efron & Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_RESAMPLES = 2000
_SEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapEstimate:
    """A value with its confidence interval and its number of items."""

    value: float
    low: float
    high: float
    n_items: int


def estimate_ratio(
    numerators: Sequence[float], denominators: Sequence[float], *, confidence: float = 0.95, seed: int = _SEED
) -> BootstrapEstimate:
    """Ratio of the sums of numerators and denominators, with an interval from resampled items.

    An error rate is errors over words, so a long sentence weighs more than a short one and its errors are resampled
    together; a mean is the case with every denominator 1. The same items and seed give the same interval.

    Args:
        numerators: one value per item.
        denominators: one positive value per item.
        confidence: coverage of the interval.
        seed: seed of the resampling.

    Raises:
        ValueError: the lengths differ, there are no items, or a denominator is not positive.
    """
    if len(numerators) != len(denominators) or not len(numerators):
        raise ValueError(
            f"expected one or more pairs, got {len(numerators)} numerators and {len(denominators)} denominators"
        )
    above, below = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    if not (below > 0).all():
        raise ValueError("every denominator must be positive")
    picks = np.random.default_rng(seed).integers(0, len(above), (_RESAMPLES, len(above)))
    values = above[picks].sum(1) / below[picks].sum(1)
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(values, [tail, 100 - tail])
    return BootstrapEstimate(
        value=float(above.sum() / below.sum()), low=float(low), high=float(high), n_items=len(above)
    )
