"""What regression averages away, given back: the latent's bands at the level and with the movement of the prompt's.

Of all a network could have said it says the mean, so every voice comes out a little like the average voice, and flat.
A prompt tells its speaker's long-term spectrum and how widely each band moves (global variance, Toda and Tokuda 2007);
the louder half of the frames, which is speech, is brought to both.

Legend: B batch, T frames (50/s), P prompt frames (50/s), M mel bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.units import MELS_PER_FRAME

_LEAST_RATIO, _MOST_RATIO = 0.9, 1.4
"""How far a band's movement is narrowed or widened: a few seconds are a rough measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentMatching:
    """How far to go; chosen on development speakers."""

    contrast: float = 1.0
    """Factor on every band about its mean, whoever speaks."""
    mean_share: float = 0.0
    """How much of the distance to the prompt's long-term spectrum is gone, 0 to 1."""
    spread_share: float = 0.0
    """How much of the prompt's movement takes the place of `contrast`, 0 to 1."""

    def __call__(self, latent: Tensor, mask: Tensor, prompt: PromptFrames) -> Tensor:
        """The latent moved towards the prompt.

        Shape:
            latent   [B, 2T, M]
            mask     [B, 2T, 1]  bool
            returns  [B, 2T, M]
        """
        weights = loud_frames(latent, mask)
        wanted_mask = length_mask(prompt.lengths * MELS_PER_FRAME, prompt.mel.shape[1])[..., None]
        wanted_mean, wanted_spread = _statistics(prompt.mel, loud_frames(prompt.mel, wanted_mask))
        _, spread = _statistics(latent, weights)
        ratio = (wanted_spread / spread).clamp(_LEAST_RATIO, _MOST_RATIO)
        contrast = (1 - self.spread_share) * self.contrast + self.spread_share * ratio
        centre = mean_over_time(latent, mask.float())
        widened = centre + contrast * (latent - centre)
        moved = self.mean_share * (wanted_mean - mean_over_time(widened, weights))
        return widened + moved


def loud_frames(mel: Tensor, mask: Tensor) -> Tensor:
    """1 where a frame is louder than its row's mean, else 0. Shape: [B, T, M] -> [B, T, 1]."""
    level = mel.mean(-1, keepdim=True)
    weights = ((level >= mean_over_time(level, mask.float())) & mask).float()
    return weights


def mean_over_time(x: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over time. Shape: [B, T, M], [B, T, 1] -> [B, 1, M]."""
    return (x * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True).clamp_min(1e-6)


def _statistics(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and standard deviation over time. Shape: [B, T, M] -> twice [B, 1, M]."""
    mean = mean_over_time(x, weights)
    return mean, torch.sqrt(mean_over_time((x - mean) ** 2, weights) + 1e-4)
