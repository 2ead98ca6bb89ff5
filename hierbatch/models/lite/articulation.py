"""Transfer of the source's articulation to a converted recording.

The content encoder captures about nine tenths of the content; the source's spectrum has all of it, in the wrong voice.
Its variation around the long-term spectrum is added to the converted latent: the spectral envelope without the
harmonics of the old pitch (low quefrencies, Oppenheim and Schafer 2010, chapter 13), warped to the new vocal tract
(frequency warping, Erro et al. 2010) by the factor that fits the latent best, with the mean of each band removed.

Legend: B batch, 2T mel frames (100/s), M mel bands.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from hierbatch.audio.spectrum import N_MELS, interpolate_bands, mel_centres_hz
from hierbatch.models.lite.spectral_statistics import loud_frames, mean_over_time

_N_QUEFRENCIES = 25
_WARPS = tuple(1.25 ** (step / 8) for step in range(-8, 9))
"""Candidate warping factors: vocal tracts from a fifth shorter to a quarter longer."""


def keep_articulation(latent: Tensor, source: Tensor, mask: Tensor, share: float) -> Tensor:
    """Add a share of the difference between the source's warped spectral envelope and the latent.

    Args:
        latent: converted log-mel.
        source: log-mel of the recording.
        mask: valid frames.
        share: 0 leaves the latent as it is, 1 adds the whole difference.

    Shape:
        latent   [B, 2T, M]  converted
        source   [B, 2T, M]  the same frames as recorded
        mask     [B, 2T, 1]  bool
        returns  [B, 2T, M]
    """
    if share == 0:
        return latent
    loud = loud_frames(source, mask)
    smooth = _smoothing_matrix().to(latent.device)
    best = torch.zeros_like(latent)
    least = latent.new_full((len(latent), 1, 1), math.inf)
    for warp in _WARPS:
        difference = (source @ _warp_matrix(warp).to(latent.device) - latent) @ smooth
        difference = difference - mean_over_time(difference, loud)
        error = mean_over_time(difference**2, loud).mean(-1, keepdim=True)  # [B, 1, 1]
        best = torch.where(error < least, difference, best)
        least = torch.minimum(error, least)
    return latent + share * best


@cache
def _smoothing_matrix() -> Tensor:
    """Projection of a log-mel frame onto its lowest quefrencies. Shape: [M, M]."""
    band, quefrency = torch.arange(N_MELS) + 0.5, torch.arange(_N_QUEFRENCIES)
    waves = torch.cos(math.pi / N_MELS * quefrency[:, None] * band) * math.sqrt(2.0 / N_MELS)
    waves[0] /= math.sqrt(2.0)
    return waves.T @ waves


@cache
def _warp_matrix(warp: float) -> Tensor:
    """Frequency warping that moves every frequency to `warp` times its value. Shape: [M, M]."""
    return interpolate_bands(torch.from_numpy(mel_centres_hz()) / warp)
