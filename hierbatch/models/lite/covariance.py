"""How bands move together, brought to the prompt's: formants that a throat cannot have apart are not heard apart.

`matching` sets where each band lies and how widely it moves; this sets how they move with one another, by the linear
map that carries one Gaussian to another at the least cost (optimal transport, Dowson and Landau 1982). The map is that
of the louder frames, which are speech; towards pauses it fades out, whose noise it would only raise.

Legend: B batch, T frames (50/s), P prompt frames (50/s), M mel bands.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hierbatch.models.blocks.precision import brought_back, in_double
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.matching import loud_frames, mean_over_time
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.units import MELS_PER_FRAME

_SHRINKAGE = 0.2
"""Share of a covariance that is its diagonal alone: a few seconds have fewer frames that differ than bands."""
_LEAST_VARIANCE = 1e-5
_FADE = 0.5
"""How far below the row's mean level a frame is left alone, in the latent's unit of 17 dB."""


def match_covariance(latent: Tensor, mask: Tensor, prompt: PromptFrames, shares: Tensor) -> Tensor:
    """The latent with each row's share of the way gone to the prompt's covariance; a row of share 0 stays as it is.

    Shape:
        latent   [B, 2T, M]
        mask     [B, 2T, 1]  bool
        shares   [B]         0 to 1
        returns  [B, 2T, M]
    """
    rows = torch.nonzero(shares > 0)[:, 0]
    if not len(rows):
        return latent
    told = prompt.mel[rows]
    told_mask = length_mask(prompt.lengths[rows] * MELS_PER_FRAME, told.shape[1])[..., None]
    own = latent[rows]
    mean, here = _statistics(own, loud_frames(own, mask[rows]))
    _, there = _statistics(told, loud_frames(told, told_mask))
    root, inverse = _power(here, 0.5), _power(here, -0.5)
    carried = inverse @ _power(root @ there @ root, 0.5) @ inverse
    share = shares[rows][:, None, None].to(carried)
    whole = torch.lerp(torch.eye(own.shape[-1]).to(carried).expand_as(carried), carried, share)
    mapped = mean + (own - mean) @ brought_back(whole, own)
    matched = latent.clone()
    matched[rows] = torch.lerp(own, mapped, _loudness(own, mask[rows]))
    return matched


def _loudness(latent: Tensor, mask: Tensor) -> Tensor:
    """1 for a frame at the row's mean level or above, 0 for one far below. Shape: [B, 2T, M] -> [B, 2T, 1]."""
    level = latent.mean(-1, keepdim=True)
    return (1 + (level - mean_over_time(level, mask.float())) / _FADE).clamp(0.0, 1.0)


def _statistics(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and shrunk covariance over time. Shape: [B, T, M] -> [B, 1, M], [B, M, M] in double precision."""
    mean = mean_over_time(x, weights)
    away = in_double((x - mean) * weights.sqrt())
    covariance = away.transpose(1, 2) @ away / in_double(weights).sum(1, keepdim=True).clamp_min(1e-6)
    diagonal = torch.diag_embed(torch.diagonal(covariance, dim1=1, dim2=2))
    return mean, torch.lerp(covariance, diagonal, _SHRINKAGE)


def _power(matrices: Tensor, exponent: float) -> Tensor:
    """Symmetric positive matrices to a power. Shape: [B, M, M]."""
    values, vectors = torch.linalg.eigh(matrices)
    return (vectors * values.clamp_min(_LEAST_VARIANCE).pow(exponent)[:, None]) @ vectors.transpose(1, 2)
