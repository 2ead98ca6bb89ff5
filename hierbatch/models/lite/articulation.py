"""What a converted recording keeps of the source's own articulation.

The content encoder hears nine tenths of what is said; the source's spectrum holds all of it, in the wrong voice. Its
fine movement about its long-term spectrum is laid over the converted latent: the spectrum smoothed over the harmonics
of the old pitch (low quefrencies, Oppenheim and Schafer 2010, chapter 13), its frequencies stretched to the new vocal
tract (frequency warping, Erro et al. 2010), which is found where the two agree best, and no level of any band.

Legend: B batch, 2T mel frames (100/s), M mel bands.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from hierbatch.audio.spectrum import N_MELS, interpolate_bands, mel_centres_hz
from hierbatch.models.lite.matching import loud_frames, mean_over_time

_N_QUEFRENCIES = 25
_STRETCHES = tuple(1.25 ** (step / 8) for step in range(-8, 9))
"""Vocal tracts looked through: a fifth shorter to a quarter longer."""


def keep_articulation(latent: Tensor, source: Tensor, mask: Tensor, share: float) -> Tensor:
    """The latent with a share of what the source's envelope, stretched to the latent's voice, does otherwise.

    Shape:
        latent   [B, 2T, M]  converted
        source   [B, 2T, M]  the same frames as recorded
        mask     [B, 2T, 1]  bool
        returns  [B, 2T, M]
    """
    if share == 0:
        return latent
    loud = loud_frames(source, mask)
    smooth = _smoother().to(latent.device)
    best = torch.zeros_like(latent)
    least = latent.new_full((len(latent), 1, 1), math.inf)
    for stretch in _STRETCHES:
        difference = (source @ _stretcher(stretch).to(latent.device) - latent) @ smooth
        difference = difference - mean_over_time(difference, loud)
        error = mean_over_time(difference**2, loud).mean(-1, keepdim=True)  # [B, 1, 1]
        best = torch.where(error < least, difference, best)
        least = torch.minimum(error, least)
    return latent + share * best


@cache
def _smoother() -> Tensor:
    """Projection of a log-mel frame on its lowest quefrencies. Shape: [M, M]."""
    band, quefrency = torch.arange(N_MELS) + 0.5, torch.arange(_N_QUEFRENCIES)
    waves = torch.cos(math.pi / N_MELS * quefrency[:, None] * band) * math.sqrt(2.0 / N_MELS)
    waves[0] /= math.sqrt(2.0)
    return waves.T @ waves


@cache
def _stretcher(stretch: float) -> Tensor:
    """What was at a frequency comes to `stretch` times it. Shape: [M, M]."""
    return interpolate_bands(torch.from_numpy(mel_centres_hz()) / stretch)
