"""Semantic vectors: teacher features with the speaker taken out, in few channels.

Principal components, half whitened (each divided by the square root of its spread, so that strong directions still
weigh more than weak ones), less most of the utterance's own mean, which is where the speaker and the room sit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

SEMANTIC_CHANNELS = 64
_CLIP = 6.0
_WHITENING = 0.5
_MEAN_PRIOR_FRAMES = 50.0

Features = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Projection:
    """How teacher features become semantic vectors.

    Shape:
        mean, spread  [D]      per-channel standardisation
        basis         [D, 64]  components, scaled so that the mean variance is one
    """

    mean: Features
    spread: Features
    basis: Features

    def __call__(self, features: Features) -> Features:
        """Semantic vectors of one whole utterance. Shape: [T, D] -> [T, 64]."""
        standard = np.clip((features - self.mean) / self.spread, -_CLIP, _CLIP)
        vectors = standard @ self.basis
        n_frames = len(vectors)
        return (vectors - vectors.mean(0) * (n_frames / (n_frames + _MEAN_PRIOR_FRAMES))).astype(np.float32)

    def save(self, path: Path) -> None:
        aside = path.with_suffix(".tmp")
        save_file({"mean": self.mean, "spread": self.spread, "basis": self.basis}, aside)
        aside.replace(path)

    @staticmethod
    def load(path: Path) -> Projection:
        return Projection(**load_file(path))


def fit_projection(features: Features) -> Projection:
    """Projection from frames of many speakers. Shape: [frames, D]."""
    mean, spread = features.mean(0), features.std(0) + 1e-5
    standard = np.clip((features - mean) / spread, -_CLIP, _CLIP)
    covariance = standard.T.astype(np.float64) @ standard / len(standard)
    values, vectors = np.linalg.eigh(covariance)
    values, vectors = values[::-1][:SEMANTIC_CHANNELS], vectors[:, ::-1][:, :SEMANTIC_CHANNELS]
    scale = values ** (-0.5 * _WHITENING)
    scale /= np.sqrt((values * scale**2).mean())
    return Projection(mean.astype(np.float32), spread.astype(np.float32), (vectors * scale).astype(np.float32))
