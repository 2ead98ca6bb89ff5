"""What holds a latent to its prior.

Legend: B batch, C channels, T frames.
"""

from __future__ import annotations

from torch import Tensor


def prior_loss(moved: Tensor, log_scale: Tensor, prior_mean: Tensor, prior_log_scale: Tensor, mask: Tensor) -> Tensor:
    """Divergence of a posterior from its prior, from one draw (Kim et al. 2021, VITS, equation 3), a frame.

    Shape:
        moved                         [B, C, T]  the posterior's draw, moved to the prior by a flow
        log_scale                     [B, C, T]  of the posterior
        prior_mean, prior_log_scale   [B, C, T]
        mask                          [B, 1, T]
        returns                       []
    """
    distance = 0.5 * (moved - prior_mean).square() * (-2 * prior_log_scale).exp()
    divergence = prior_log_scale - log_scale - 0.5 + distance
    return (divergence * mask).sum() / mask.sum()
