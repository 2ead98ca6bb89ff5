"""F0 contours of words as a few cosine coefficients, and contours of utterances from them.

A word's contour of log F0 is projected onto the first cosines of the DCT-II over its duration. Coefficient 0 is the
mean of the contour; what the coefficients leave out (segmental effects on F0) is its fine structure, which is kept.

Legend: K words, M pitch frames (100/s).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bounds = npt.NDArray[np.int64]

N_COEFFICIENTS = 4
_SMOOTHING_FRAMES = 7
"""Width of the moving average that removes the steps between words, 70 ms."""


def project_words(log_f0: Floats, bounds: Bounds) -> Floats:
    """Cosine coefficients of the contour within each word.

    Args:
        log_f0: log F0, interpolated through unvoiced frames.
        bounds: first and end frame of each word.

    Shape:
        log_f0   [M]
        bounds   [K, 2]
        returns  [K, N_COEFFICIENTS]
    """
    result = np.zeros((len(bounds), N_COEFFICIENTS), np.float32)
    for word, (first, end) in enumerate(bounds):
        if end > first:
            result[word] = log_f0[first:end] @ _cosines(int(end - first)) * _weights(int(end - first))
    return result


def render_words(coefficients: Floats, bounds: Bounds, n_frames: int) -> Floats:
    """Contour of an utterance from the coefficients of its words, linear between words and smoothed.

    Shape:
        coefficients  [K, N_COEFFICIENTS]
        bounds        [K, 2]
        returns       [n_frames]
    """
    contour = np.zeros(n_frames, np.float32)
    is_word = np.zeros(n_frames, bool)
    for row, (first, end) in zip(coefficients, bounds, strict=True):
        if end > first:
            contour[first:end] = _cosines(int(end - first)) @ row
            is_word[first:end] = True
    if not is_word.any():
        return contour
    frames = np.arange(n_frames)
    contour = np.interp(frames, frames[is_word], contour[is_word]).astype(np.float32)
    half = _SMOOTHING_FRAMES // 2
    smoothed = np.convolve(
        np.pad(contour, half, mode="edge"), np.full(_SMOOTHING_FRAMES, 1 / _SMOOTHING_FRAMES), "valid"
    )
    return smoothed.astype(np.float32)


def _cosines(n_frames: int) -> Floats:
    """Cosines of the DCT-II; those that `n_frames` cannot resolve are zero. Shape: [n_frames, N_COEFFICIENTS]."""
    phase = (np.arange(n_frames) + 0.5) / n_frames
    orders = np.arange(N_COEFFICIENTS)
    cosines: Floats = (np.cos(np.pi * phase[:, None] * orders) * (orders < n_frames)).astype(np.float32)
    return cosines


def _weights(n_frames: int) -> Floats:
    weights = np.full(N_COEFFICIENTS, 2.0 / n_frames, np.float32)
    weights[0] = 1.0 / n_frames
    return weights
