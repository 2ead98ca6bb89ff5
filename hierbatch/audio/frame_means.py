"""Means of successive frames of a stream, for meters of levels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


class FrameMeans:
    """Means over frames of `n_samples` values; the values arrive in blocks of any size, and only the means are kept."""

    def __init__(self, n_samples: int) -> None:
        self._n_samples = n_samples
        self._means: list[Values] = []
        self.rest: Values = np.zeros(0)
        """Last values, which do not fill a frame yet."""

    def push(self, values: Values) -> None:
        """Add values, shape [L]."""
        joined = np.concatenate([self.rest, values])
        n_whole = len(joined) // self._n_samples * self._n_samples
        self._means.append(joined[:n_whole].reshape(-1, self._n_samples).mean(axis=1))
        self.rest = joined[n_whole:]

    def values(self) -> Values:
        """Means of all complete frames so far."""
        return np.concatenate([*self._means, np.zeros(0)])
