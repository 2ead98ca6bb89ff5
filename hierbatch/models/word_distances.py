"""Semantic distance of each word: between its content vectors in a take and those that the text predicts.

Legend: T frames (50/s), C channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Span = tuple[int, int]
"""First frame of a word, and the frame after its last one."""


def word_distances(
    encoded: Vectors, spans: Sequence[Span], predicted: Vectors, predicted_spans: Sequence[Span]
) -> list[float]:
    """Compare the words of a take with those of its text, one by one.

    A word whose duration differs from the predicted one is aligned by dynamic time warping.

    Args:
        encoded: content vectors of the take. Shape: [T, C].
        spans: frames of each word in the take.
        predicted: content vectors that the text predicts. Shape: [T', C].
        predicted_spans: frames of each word in the prediction.

    Returns:
        One minus the mean cosine of each word: 0 for identical, 1 for unrelated content; NaN for a word without frames.

    Raises:
        ValueError: the numbers of words differ.
    """
    encoded, predicted = _normalize(encoded), _normalize(predicted)
    return [
        _distance(encoded[start:end], predicted[first:last])
        for (start, end), (first, last) in zip(spans, predicted_spans, strict=True)
    ]


def _normalize(vectors: Vectors) -> Vectors:
    normalized: Vectors = vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)
    return normalized


def _distance(take: Vectors, text: Vectors) -> float:
    if not len(take) or not len(text):
        return float("nan")
    if len(take) == len(text):
        return 1.0 - float(np.einsum("tc,tc->t", take, text).mean())
    return _warped_distance(1.0 - take @ text.T)


def _warped_distance(costs: Vectors) -> float:
    """Mean cost along the cheapest path through a matrix of costs, [T, T'], from the first to the last frames."""
    n_rows, n_columns = costs.shape
    total, n_steps = np.full((n_rows + 1, n_columns + 1), np.inf), np.zeros((n_rows + 1, n_columns + 1), np.int32)
    total[0, 0] = 0.0
    for row in range(1, n_rows + 1):
        for column in range(1, n_columns + 1):
            before = min(
                ((row - 1, column - 1), (row - 1, column), (row, column - 1)), key=lambda step: float(total[step])
            )
            total[row, column] = total[before] + costs[row - 1, column - 1]
            n_steps[row, column] = n_steps[before] + 1
    return float(total[-1, -1] / n_steps[-1, -1])
