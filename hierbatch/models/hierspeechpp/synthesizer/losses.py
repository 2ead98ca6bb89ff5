"""Loss between a latent's posterior and its prior.

Legend: B batch, C channels, T frames.
"""

from __future__ import annotations

from torch import Tensor


def prior_loss(z_p: Tensor, log_scale: Tensor, prior_mean: Tensor, prior_log_scale: Tensor, mask: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the posterior from the prior per frame, from one sample (VITS, eq. 3).

    Shape:
        z_p                           [B, C, T]  flow output for a sample of the posterior
        log_scale                     [B, C, T]  log scale of the posterior
        prior_mean, prior_log_scale   [B, C, T]
        mask                          [B, 1, T]
        returns                       []
    """
    distance = 0.5 * (z_p - prior_mean).square() * (-2 * prior_log_scale).exp()
    divergence = prior_log_scale - log_scale - 0.5 + distance
    return (divergence * mask).sum() / mask.sum()
