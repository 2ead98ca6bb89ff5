"""What a converted recording keeps of the source's own articulation.

The content encoder hears nine tenths of what is said; the source's spectrum holds all of it, in the wrong voice. Its
fine movement about its long-term spectrum is laid over the converted latent: the spectrum smoothed over the harmonics
of the old pitch (low quefrencies, Oppenheim and Schafer 2010, chapter 13), its frequencies stretched to the new vocal
tract (frequency warping, Erro et al. 2010), which is found where the two agree best, and no level of any band.

Legend: B batch, 2T mel frames (100/s), M mel bands.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hierbatch.audio.spectrum import N_MELS, mel_centres_hz

_N_QUEFRENCIES = 25
_STRETCHES = tuple(1.25 ** (step / 8) for step in range(-8, 9))
"""Vocal tracts looked through: a fifth shorter to a quarter longer."""


def keep_articulation(latent: Tensor, source: Tensor, share: float) -> Tensor:
    """The latent with a share of what the source's envelope, stretched to the latent's voice, does otherwise.

    Shape:
        latent   [B, 2T, M]  converted; every row as long as the others
        source   [B, 2T, M]  the same frames as recorded
        returns  [B, 2T, M]
    """
    if share == 0:
        return latent
    level = source.mean(-1, keepdim=True)
    loud = (level >= level.mean(1, keepdim=True)).float()
    smooth = _smoother().to(latent.device)
    best = torch.zeros_like(latent)
    least = latent.new_full((len(latent), 1, 1), math.inf)
    for stretch in _STRETCHES:
        difference = (source @ _stretcher(stretch).to(latent.device) - latent) @ smooth
        difference = difference - _mean(difference, loud)
        error = _mean(difference**2, loud).mean(-1, keepdim=True)  # [B, 1, 1]
        best = torch.where(error < least, difference, best)
        least = torch.minimum(error, least)
    return latent + share * best


def _mean(x: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean over time. Shape: [B, 2T, M], [B, 2T, 1] -> [B, 1, M]."""
    return (x * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True).clamp_min(1e-6)


def _smoother() -> Tensor:
    """Projection of a log-mel frame on its lowest quefrencies. Shape: [M, M]."""
    band, quefrency = torch.arange(N_MELS) + 0.5, torch.arange(_N_QUEFRENCIES)
    waves = torch.cos(math.pi / N_MELS * quefrency[:, None] * band) * math.sqrt(2.0 / N_MELS)
    waves[0] /= math.sqrt(2.0)
    return waves.T @ waves


def _stretcher(stretch: float) -> Tensor:
    """Linear interpolation of bands such that what was at a frequency comes to `stretch` times it. Shape: [M, M]."""
    centres = torch.from_numpy(mel_centres_hz()).float()
    wanted = (centres / stretch).clamp(centres[0], centres[-1])
    right = torch.searchsorted(centres, wanted).clamp(1, N_MELS - 1)
    share = ((wanted - centres[right - 1]) / (centres[right] - centres[right - 1])).clamp(0.0, 1.0)
    matrix, columns = torch.zeros(N_MELS, N_MELS), torch.arange(N_MELS)
    matrix[right - 1, columns] = 1.0 - share
    matrix[right, columns] += share
    return matrix
