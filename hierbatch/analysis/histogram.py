"""Fixed-size histogram of a stream of values, with quantiles and coarser bars for plots."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

N_BINS = 1200
_N_BARS = 6, 32


@dataclass(slots=True)
class Histogram:
    """Counts in 1200 equal bins from `low` to `high`; values outside this range count in the outermost bins."""

    low: float
    high: float
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(N_BINS, np.int64))

    def push(self, values: npt.NDArray[np.float64]) -> None:
        """Add values; those that are not finite are ignored."""
        finite = values[np.isfinite(values)]
        bins = np.floor((finite - self.low) / self.width).astype(np.int64)
        self.counts += np.bincount(np.clip(bins, 0, N_BINS - 1), minlength=N_BINS)

    @property
    def width(self) -> float:
        """Width of a bin, which is the precision of the quantiles."""
        return (self.high - self.low) / N_BINS

    @property
    def n_values(self) -> int:
        """Number of values counted."""
        return int(self.counts.sum())

    def quantile(self, share: float) -> float:
        """Quantile for a share (0 to 1) of all values, accurate to a bin; NaN without values."""
        if not self.n_values:
            return float("nan")
        cumulative = np.cumsum(self.counts)
        index = int(np.searchsorted(cumulative, max(share * cumulative[-1], 1)))
        return self.low + (index + 0.5) * self.width

    def bars(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Edges and counts of at most 32 bars over the range of the values; more values give more bars."""
        filled = np.flatnonzero(self.counts)
        if not len(filled):
            return np.array([self.low, self.high]), np.zeros(1, np.int64)
        first, last = int(filled[0]), int(filled[-1]) + 1
        n_target = int(np.clip(2 * np.sqrt(self.n_values), *_N_BARS))
        step = max(1, -(-(last - first) // n_target))
        n_bars = -(-(last - first) // step)
        padded = np.zeros(n_bars * step, np.int64)
        padded[: last - first] = self.counts[first:last]
        edges = self.low + self.width * (first + step * np.arange(n_bars + 1, dtype=np.float64))
        return edges.astype(np.float64), padded.reshape(n_bars, step).sum(axis=1).astype(np.int64)
