"""Monotonic alignment search between frames and symbols (Kim et al. 2020, Glow-TTS, section 3.3, algorithm 1).

Legend: B batch, T frames, N symbols.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]


def search_alignment(
    scores: Scores, n_frames: npt.NDArray[np.int64], n_symbols: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """Find the best path from the first frame and symbol to the last, with steps of 0 or 1 symbols per frame.

    Rows are processed together, frame by frame. Sums are in float32, so that near ties are resolved as in the published
    code.

    Args:
        scores: score of each pair of frame and symbol; larger is better.
        n_frames: number of frames in each row, at least its number of symbols.
        n_symbols: number of symbols in each row, at least one.

    Shape:
        scores    [B, T, N]
        n_frames, n_symbols  [B]
        returns   [B, T, N]; 1 on the path, 0 elsewhere

    Raises:
        ValueError: a row has no symbols, or fewer frames than symbols.
    """
    n_rows, longest, _ = scores.shape
    if (n_symbols < 1).any() or (n_frames < n_symbols).any():
        raise ValueError(
            f"every symbol needs a frame, but there are {n_frames.tolist()} frames for {n_symbols.tolist()} symbols"
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
            same_symbol = best[rows, frame - 1, symbol]
            previous_symbol = best[rows, frame - 1, np.maximum(symbol - 1, 0)]
            symbol = symbol - (is_within & (symbol > 0) & (previous_symbol > same_symbol))
    return path
