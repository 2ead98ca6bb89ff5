"""Dynamic time warping of two sequences of vectors by cosine distance (Sakoe & Chiba 1978).

Legend: N frames of one sequence, M frames of the second, C channels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_STEP_COST = 0.05
"""Extra cost of a step along one sequence only, which keeps the path near the diagonal."""

Vectors = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


def warp(first: Vectors, second: Vectors) -> tuple[Indices, Indices]:
    """Index of the frame of `second` that corresponds to each frame of `first`, and the reverse.

    Where several frames correspond, the middle one is taken.

    Shape:
        first    [N, C]
        second   [M, C]
        returns  [N], [M]
    """
    path = _shortest_path(1 - _unit(first) @ _unit(second).T)
    return (
        np.array([int(np.median(path[path[:, 0] == frame, 1])) for frame in range(len(first))]),
        np.array([int(np.median(path[path[:, 1] == frame, 0])) for frame in range(len(second))]),
    )


def _unit(vectors: Vectors) -> Vectors:
    result: Vectors = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9)
    return result


def _shortest_path(distances: npt.NDArray[np.float32]) -> Indices:
    """Cheapest monotonic path from corner to corner. Shape: [N, M] -> [steps, 2]."""
    n_rows, n_columns = distances.shape
    totals = np.full((n_rows + 1, n_columns + 1), np.inf)
    totals[0, 0] = 0.0
    for row, costs in enumerate(distances.astype(np.float64), start=1):
        # Steps along the row depend on each other; as running sums they become a running minimum.
        entered = np.minimum(totals[row - 1, :-1], totals[row - 1, 1:] + _STEP_COST) + costs
        along = np.cumsum(costs + _STEP_COST)
        totals[row, 1:] = along + np.minimum.accumulate(entered - along)
    row, column, path = n_rows, n_columns, []
    while row and column:
        path.append((row - 1, column - 1))
        steps = [(row - 1, column - 1, 0.0), (row - 1, column, _STEP_COST), (row, column - 1, _STEP_COST)]
        row, column, _ = min(steps, key=lambda step: totals[step[0], step[1]] + step[2])
    return np.array(path[::-1])
