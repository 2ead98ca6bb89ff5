"""Adversarial losses: least squares (Mao et al. 2017) and feature matching (Larsen et al. 2016, section 3.2).

The outputs for real and for generated audio have the same order, that of the discriminators.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hierbatch.models.hierspeechpp.discriminators.model import DiscriminatorOutput


def discriminator_loss(real: Sequence[DiscriminatorOutput], fake: Sequence[DiscriminatorOutput]) -> Tensor:
    """Least-squares loss of the discriminators: target 1 for real and 0 for generated (`fake`) audio. Shape: []."""
    pairs = zip(real, fake, strict=True)
    return torch.stack([(1 - r.scores).square().mean() + f.scores.square().mean() for r, f in pairs]).sum()


def generator_loss(fake: Sequence[DiscriminatorOutput]) -> Tensor:
    """Least-squares loss of the generator: target 1 for the scores of generated (`fake`) audio. Shape: []."""
    return torch.stack([(1 - f.scores).square().mean() for f in fake]).sum()


def feature_matching_loss(real: Sequence[DiscriminatorOutput], fake: Sequence[DiscriminatorOutput]) -> Tensor:
    """Mean absolute difference between features of real and generated audio, summed over all layers. Shape: []."""
    pairs = [pair for r, f in zip(real, fake, strict=True) for pair in zip(r.features, f.features, strict=True)]
    return torch.stack([(r.detach() - f).abs().mean() for r, f in pairs]).sum()
