"""Adversarial losses: least squares (Mao et al. 2017) and feature matching (Larsen et al. 2016, section 3.2).

Outputs for real and for generated audio are in the order of the discriminators.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hierbatch.models.hierspeechpp.discriminators.model import DiscriminatorOutput


def discriminator_loss(real: Sequence[DiscriminatorOutput], fake: Sequence[DiscriminatorOutput]) -> Tensor:
    """Least-squares loss of the discriminators: target one for real audio, zero for generated audio. Shape: []."""
    pairs = zip(real, fake, strict=True)
    return torch.stack([(1 - r.scores).square().mean() + f.scores.square().mean() for r, f in pairs]).sum()


def generator_loss(fake: Sequence[DiscriminatorOutput]) -> Tensor:
    """Least-squares loss of the generator: target one for generated audio. Shape: []."""
    return torch.stack([(1 - f.scores).square().mean() for f in fake]).sum()


def feature_matching_loss(real: Sequence[DiscriminatorOutput], fake: Sequence[DiscriminatorOutput]) -> Tensor:
    """Mean absolute difference of the feature maps of real and generated audio. Shape: []."""
    pairs = [pair for r, f in zip(real, fake, strict=True) for pair in zip(r.features, f.features, strict=True)]
    return torch.stack([(r.detach() - f).abs().mean() for r, f in pairs]).sum()
