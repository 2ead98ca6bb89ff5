"""Losses of a generator and its discriminators on the same sounds.

Legend: B batch, L samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from hierbatch.models.hierspeechpp.discriminators.losses import (
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)
from hierbatch.models.hierspeechpp.discriminators.model import DiscriminatorOutput


def discriminator_losses(discriminators: nn.Module, real: Tensor, generated: Tensor) -> Tensor:
    """Loss of the discriminators; no gradient reaches the generator. Shapes: real, generated [B, 1, L] -> []."""
    judged_real, judged_generated = discriminators(real), discriminators(generated.detach())
    return discriminator_loss(_floats(judged_real), _floats(judged_generated))


def adversarial_losses(discriminators: nn.Module, real: Tensor, generated: Tensor) -> tuple[Tensor, Tensor]:
    """Adversarial and feature-matching loss of the generator; the discriminators get no gradient.

    Shape:
        real, generated  [B, 1, L]
        returns          each []
    """
    with frozen(discriminators):
        judged_generated = _floats(discriminators(generated))
        judged_real = _floats(discriminators(real))
    return generator_loss(judged_generated), feature_matching_loss(judged_real, judged_generated)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Context in which no gradients are computed for the weights of a network."""
    trained = [weight for weight in network.parameters() if weight.requires_grad]
    for weight in trained:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in trained:
            weight.requires_grad_(True)


def _floats(outputs: list[DiscriminatorOutput]) -> list[DiscriminatorOutput]:
    return [
        DiscriminatorOutput(output.scores.float(), tuple(feature.float() for feature in output.features))
        for output in outputs
    ]
