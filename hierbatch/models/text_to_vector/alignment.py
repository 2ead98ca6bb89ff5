"""Monotonic alignment search: which symbol each frame belongs to (Kim et al. 2020, Glow-TTS, section 3.3, algorithm 1).

Legend: B batch, T frames, N symbols.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


def search_alignment(
    scores: Scores, n_frames: npt.NDArray[np.int64], n_symbols: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """The best path that starts in the first frame and symbol, ends in the last ones, and moves at most one symbol on.

    Rows are worked together, a frame a step; sums are in float32, as in the published code, so that near ties fall the
    same way.

    Args:
        scores: how well a frame fits a symbol; larger is better.
        n_frames: frames of each row, at least as many as its symbols.
        n_symbols: symbols of each row, at least one.

    Shape:
        scores    [B, T, N]
        n_frames  [B]
        returns   [B, T, N]; one where frame and symbol belong together
    """
    n_rows, longest, _ = scores.shape
    if (n_symbols < 1).any() or (n_frames < n_symbols).any():
        raise ValueError(
            f"every symbol needs a frame, but {n_frames.tolist()} frames face {n_symbols.tolist()} symbols"
        )
    best = np.full(scores.shape, -np.inf, dtype=np.float32)
    best[:, 0, 0] = scores[:, 0, 0]
    for frame in range(1, longest):
        reached = best[:, frame - 1].copy()
        np.maximum(reached[:, 1:], best[:, frame - 1, :-1], out=reached[:, 1:])
        best[:, frame] = scores[:, frame] + reached
    path = np.zeros(scores.shape, dtype=np.int8)
    rows = np.arange(n_rows)
    symbol = n_symbols - 1
    for frame in range(longest - 1, -1, -1):
        is_within = frame < n_frames
        path[rows[is_within], frame, symbol[is_within]] = 1
        if frame:
            stayed = best[rows, frame - 1, symbol]
            came = best[rows, frame - 1, np.maximum(symbol - 1, 0)]
            symbol = symbol - (is_within & (symbol > 0) & (came > stayed))
    return path
