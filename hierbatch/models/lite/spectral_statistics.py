"""Matching of the latent's spectral statistics to the prompt's: mean and global variance of each mel band.

A regression network predicts the mean of all plausible outputs, so every voice is over-smoothed and drifts towards the
average voice. The prompt provides the speaker's long-term spectrum and the variance of each band over time (global
variance, Toda and Tokuda 2007); both are measured on the frames at or above the mean level, which are speech.

Legend: B batch, T frames (50/s), P prompt frames (50/s), M mel bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.convnext import length_mask
from hierbatch.models.lite.timbre import PromptFrames

_MIN_RATIO, _MAX_RATIO = 0.9, 1.4
"""Bounds on the scaling of a band's standard deviation: a few seconds give a rough estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectralStatisticsMatching:
    """Matching of a latent's spectral statistics to the prompt's; its strengths are tuned on development speakers."""

    contrast: float = 1.0
    """GV scaling: scale factor for the deviation of every band from its mean, the same for all speakers."""
    mean_share: float = 0.0
    """Fraction of the way to the prompt's long-term spectrum, 0 to 1."""
    spread_share: float = 0.0
    """Weight of the prompt's standard deviation against the fixed `contrast`, 0 to 1."""

    def __call__(self, latent: Tensor, mask: Tensor, prompt: PromptFrames) -> Tensor:
        """Move the latent's statistics towards the prompt's.

        Shape:
            latent   [B, 2T, M]
            mask     [B, 2T, 1]  bool
            returns  [B, 2T, M]
        """
        weights = loud_frames(latent, mask)
        prompt_mask = length_mask(prompt.lengths * MELS_PER_FRAME, prompt.mel.shape[1])[..., None]
        prompt_mean, prompt_spread = _statistics(prompt.mel, loud_frames(prompt.mel, prompt_mask))
        _, spread = _statistics(latent, weights)
        ratio = (prompt_spread / spread).clamp(_MIN_RATIO, _MAX_RATIO)
        contrast = (1 - self.spread_share) * self.contrast + self.spread_share * ratio
        centre = mean_over_time(latent, mask.float())
        scaled = centre + contrast * (latent - centre)
        return scaled + self.mean_share * (prompt_mean - mean_over_time(scaled, weights))


def loud_frames(mel: Tensor, mask: Tensor) -> Tensor:
    """Frame weights: 1 at or above the row's mean level, else 0. Shape: [B, T, M] -> [B, T, 1]."""
    level = mel.mean(-1, keepdim=True)
    weights = ((level >= mean_over_time(level, mask.float())) & mask).float()
    return weights


def mean_over_time(x: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over time. Shape: [B, T, M], [B, T, 1] -> [B, 1, M]."""
    return (x * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True).clamp_min(1e-6)


def _statistics(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and standard deviation over time. Shape: [B, T, M] -> two of [B, 1, M]."""
    mean = mean_over_time(x, weights)
    return mean, torch.sqrt(mean_over_time((x - mean) ** 2, weights) + 1e-4)
