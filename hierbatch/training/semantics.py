"""Semantic vectors: teacher features with less speaker information and fewer channels.

The vectors are principal components with half whitening: each component is divided by the square root of its standard
deviation, so that strong components still have more weight than weak components. Most of the mean over the utterance,
which contains information on the speaker and the recording conditions, is subtracted.

Legend: T frames (50/s), D teacher channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from hierbatch.storage import write_atomically

SEMANTIC_CHANNELS = 64
_CLIP = 6.0
_WHITENING = 0.5
_MEAN_PRIOR_FRAMES = 50.0

Features = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Projection:
    """Linear projection of teacher features to semantic vectors.

    Shape:
        mean, spread  [D]      per-channel mean and standard deviation
        basis         [D, 64]  components, scaled to a mean variance of one
    """

    mean: Features
    spread: Features
    basis: Features

    def __call__(self, features: Features) -> Features:
        """Project the teacher features of one whole utterance to semantic vectors. Shape: [T, D] -> [T, 64]."""
        standard = np.clip((features - self.mean) / self.spread, -_CLIP, _CLIP)
        vectors = standard @ self.basis
        n_frames = len(vectors)
        result: Features = (vectors - vectors.mean(0) * (n_frames / (n_frames + _MEAN_PRIOR_FRAMES))).astype(np.float32)
        return result

    def save(self, path: Path) -> None:
        """Write a safetensors file atomically."""
        with write_atomically(path) as temporary:
            save_file({"mean": self.mean, "spread": self.spread, "basis": self.basis}, temporary)

    @staticmethod
    def load(path: Path) -> Projection:
        """Read a file written by `save`."""
        return Projection(**load_file(path))


def fit_projection(features: Features) -> Projection:
    """Fit the projection to frames of many speakers. Shape: features [n_frames, D]."""
    mean, spread = features.mean(0), features.std(0) + 1e-5
    standard = np.clip((features - mean) / spread, -_CLIP, _CLIP)
    covariance = standard.T.astype(np.float64) @ standard / len(standard)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1][:SEMANTIC_CHANNELS], vectors[:, ::-1][:, :SEMANTIC_CHANNELS]
    scale = values ** (-0.5 * _WHITENING)
    scale /= np.sqrt((values * scale**2).mean())
    return Projection(mean.astype(np.float32), spread.astype(np.float32), (vectors * scale).astype(np.float32))
