"""Matching of the latent's band covariance to the prompt's.

Matching the covariance avoids formant combinations that the speaker's vocal tract cannot produce.
`spectral_statistics` adjusts the mean and the variance of each band; this module adjusts the covariance between bands,
with the linear map of least cost from one Gaussian to another (optimal transport, Dowson and Landau 1982). The map is
estimated on the louder frames, which are speech; it fades out towards pauses, where it would only amplify noise.

Legend: B batch, T frames (50/s), P prompt frames (50/s), M mel bands.
"""

from __future__ import annotations

import torch
from torch import Tensor

from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.convnext import length_mask
from hierbatch.models.lite.spectral_statistics import loud_frames, mean_over_time
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.models.precision import restore_dtype, to_float64

_SHRINKAGE = 0.2
"""Shrinkage towards the diagonal: a few seconds have fewer independent frames than there are bands."""
_MIN_VARIANCE = 1e-5
_MIN_SHARE = 0.01
"""Least variance of the latent, as a share of the prompt's mean variance: the map amplifies by 10 at most, so that hums
and silence are not turned into speech-like noise."""
_FADE = 0.5
"""Difference in level from the row's mean at which the map has faded out, in units of the latent (17 dB)."""


def match_covariance(latent: Tensor, mask: Tensor, prompt: PromptFrames, shares: Tensor) -> Tensor:
    """Move the latent's covariance towards the prompt's; a row with share 0 is unchanged.

    Args:
        latent: log-mel latent.
        mask: valid frames.
        prompt: prompts of the batch.
        shares: fraction of the way to the prompt's covariance, per row.

    Shape:
        latent   [B, 2T, M]
        mask     [B, 2T, 1]  bool
        shares   [B]         0 to 1
        returns  [B, 2T, M]
    """
    rows = torch.nonzero(shares > 0)[:, 0]
    if not len(rows):
        return latent
    reference = prompt.mel[rows]
    reference_mask = length_mask(prompt.lengths[rows] * MELS_PER_FRAME, reference.shape[1])[..., None]
    own = latent[rows]
    mean, own_covariance = _statistics(own, loud_frames(own, mask[rows]))
    _, target = _statistics(reference, loud_frames(reference, reference_mask))
    least = (_MIN_SHARE * torch.diagonal(target, dim1=1, dim2=2).mean(-1, keepdim=True)).clamp_min(_MIN_VARIANCE)
    root, inverse = _power(own_covariance, 0.5, least), _power(own_covariance, -0.5, least)
    transport = inverse @ _power(root @ target @ root, 0.5) @ inverse
    share = shares[rows][:, None, None].to(transport)
    partial = torch.lerp(torch.eye(own.shape[-1]).to(transport).expand_as(transport), transport, share)
    mapped = mean + (own - mean) @ restore_dtype(partial, own)
    matched = latent.clone()
    matched[rows] = torch.lerp(own, mapped, _loudness(own, mask[rows]))
    return matched


def _loudness(latent: Tensor, mask: Tensor) -> Tensor:
    """Weight of a frame: 1 at the row's mean level or above, 0 far below. Shape: [B, 2T, M] -> [B, 2T, 1]."""
    level = latent.mean(-1, keepdim=True)
    return (1 + (level - mean_over_time(level, mask.float())) / _FADE).clamp(0.0, 1.0)


def _statistics(x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and shrunk covariance over time. Shape: [B, T, M] -> [B, 1, M], [B, M, M] in double precision."""
    mean = mean_over_time(x, weights)
    deviation = to_float64((x - mean) * weights.sqrt())
    covariance = deviation.transpose(1, 2) @ deviation / to_float64(weights).sum(1, keepdim=True).clamp_min(1e-6)
    diagonal = torch.diag_embed(torch.diagonal(covariance, dim1=1, dim2=2))
    return mean, torch.lerp(covariance, diagonal, _SHRINKAGE)


def _power(matrices: Tensor, exponent: float, least: Tensor | float = _MIN_VARIANCE) -> Tensor:
    """Power of symmetric positive definite matrices, with eigenvalues of at least `least`.

    Shape:
        matrices  [B, M, M]
        least     [B, 1]     or one number
        returns   [B, M, M]
    """
    values, vectors = torch.linalg.eigh(matrices)
    result: Tensor = (vectors * values.clamp_min(least).pow(exponent)[:, None]) @ vectors.transpose(1, 2)
    return result
