"""Diagonal normal distribution with learned mean and scale."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_LOG_SCALE_RANGE = (-6.0, 3.0)


@dataclass(frozen=True, slots=True)
class Gaussian:
    """Normal distribution of independent channels. Shape: mean and log_scale [..., C]."""

    mean: Tensor
    log_scale: Tensor

    @staticmethod
    def split(x: Tensor) -> Gaussian:
        """Distribution whose mean and log scale are the halves of a network's output. Shape: [..., 2 C]."""
        mean, log_scale = x.chunk(2, dim=-1)
        return Gaussian(mean, log_scale.clamp(*_LOG_SCALE_RANGE))

    def sample(self, noise: Tensor) -> Tensor:
        """Value for standard normal noise; zero noise gives the mean. Shape: [..., C]."""
        return self.mean + torch.exp(self.log_scale) * noise

    def divergence(self, prior: Gaussian) -> Tensor:
        """Kullback-Leibler divergence from `prior`, summed over the channels. Shape: [...]."""
        variance_ratio = torch.exp(2 * (self.log_scale - prior.log_scale))
        distance = (self.mean - prior.mean) ** 2 * torch.exp(-2 * prior.log_scale)
        return (0.5 * (variance_ratio + distance - 1) + prior.log_scale - self.log_scale).sum(-1)
