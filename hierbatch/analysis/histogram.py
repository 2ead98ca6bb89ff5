"""Counts in narrow bins: the distribution of a million values in some kilobytes, with quantiles and coarser bars."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

N_BINS = 1200
_N_BARS = 6, 32


@dataclass(slots=True)
class Histogram:
    """Values between `low` and `high` in 1200 equal bins; what lies outside is counted in the outermost ones."""

    low: float
    high: float
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(N_BINS, np.int64))

    def push(self, values: npt.NDArray[np.float64]) -> None:
        """Count some values; those that are not finite are no values."""
        finite = values[np.isfinite(values)]
        place = np.floor((finite - self.low) / self.width).astype(np.int64)
        self.counts += np.bincount(np.clip(place, 0, N_BINS - 1), minlength=N_BINS)

    @property
    def width(self) -> float:
        """Width of a bin: the precision of all that is read from here."""
        return (self.high - self.low) / N_BINS

    @property
    def n_values(self) -> int:
        return int(self.counts.sum())

    def quantile(self, share: float) -> float:
        """The value below which so large a share lies, to within a bin; NaN where there are no values."""
        if not self.n_values:
            return float("nan")
        risen = np.cumsum(self.counts)
        place = int(np.searchsorted(risen, max(share * risen[-1], 1)))
        return self.low + (place + 0.5) * self.width

    def bars(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Edges and counts of bars over where the values lie: 6 to 32, more for more values."""
        filled = np.flatnonzero(self.counts)
        if not len(filled):
            return np.array([self.low, self.high]), np.zeros(1, np.int64)
        first, last = int(filled[0]), int(filled[-1]) + 1
        wanted = int(np.clip(2 * np.sqrt(self.n_values), *_N_BARS))
        step = max(1, -(-(last - first) // wanted))
        n_bars = -(-(last - first) // step)
        padded = np.zeros(n_bars * step, np.int64)
        padded[: last - first] = self.counts[first:last]
        edges = self.low + self.width * (first + step * np.arange(n_bars + 1, dtype=np.float64))
        return edges.astype(np.float64), padded.reshape(n_bars, step).sum(axis=1).astype(np.int64)
