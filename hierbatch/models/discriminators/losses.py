"""What discriminators teach: least squares (Mao et al. 2017) and feature matching (Larsen et al. 2016, section 3.2).

Judgements of recorded and of made sound come in the order of the discriminators.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hierbatch.models.discriminators.model import Judgement


def discriminator_loss(recorded: Sequence[Judgement], made: Sequence[Judgement]) -> Tensor:
    """To say one of recorded sound and zero of made. Shape: []."""
    pairs = zip(recorded, made, strict=True)
    return torch.stack([(1 - real.scores).square().mean() + fake.scores.square().mean() for real, fake in pairs]).sum()


def generator_loss(made: Sequence[Judgement]) -> Tensor:
    """To be taken for recorded. Shape: []."""
    return torch.stack([(1 - fake.scores).square().mean() for fake in made]).sum()


def feature_matching_loss(recorded: Sequence[Judgement], made: Sequence[Judgement]) -> Tensor:
    """To be seen as the recorded sound is, convolution by convolution. Shape: []."""
    pairs = [
        pair
        for real, fake in zip(recorded, made, strict=True)
        for pair in zip(real.features, fake.features, strict=True)
    ]
    return torch.stack([(real.detach() - fake).abs().mean() for real, fake in pairs]).sum()
