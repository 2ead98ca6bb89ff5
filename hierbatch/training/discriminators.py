"""Discriminators for adversarial training, and the losses of generator and discriminators on one batch.

Legend: B batch, L samples.
"""

from __future__ import annotations

from torch import Tensor, nn

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig
from hierbatch.models.hierspeechpp.discriminators.losses import (
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)
from hierbatch.models.hierspeechpp.discriminators.model import DiscriminatorOutput, Discriminators
from hierbatch.training.phase_recipe import Losses

_INPUT_GAIN = 10.0
_OUTPUT_STD = 0.02


class TrainingDiscriminators(Discriminators):
    """Discriminators initialized for training, with pre-emphasis and gain on their input.

    Pre-emphasis raises the high frequencies, in which speech has little energy.

    Shape:
        audio  [B, L]
    """

    def __init__(self, config: DiscriminatorConfig, *, pre_emphasis: float) -> None:
        super().__init__(config)
        self._pre_emphasis = pre_emphasis
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # with PyTorch's default initialization a faint signal dies out
                nn.init.kaiming_normal_(module.weight, a=0.1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for discriminator in (*self.by_spectrogram, *self.by_period):
            nn.init.normal_(discriminator.output_projection.weight, std=_OUTPUT_STD)

    def forward(self, audio: Tensor) -> list[DiscriminatorOutput]:
        emphasized = audio[:, 1:] - self._pre_emphasis * audio[:, :-1]
        return super().forward(_INPUT_GAIN * emphasized[:, None])

    def adversarial_losses(self, generated: Tensor, recorded: Tensor) -> Losses:
        """Losses of the generator (`features`, `adversarial`) and of the discriminators (`discriminators`).

        The losses of the generator give the discriminators no gradients, and vice versa. Shape: generated, recorded
        [B, L]; each loss [].
        """
        self.requires_grad_(False)
        fake = self(generated)
        self.requires_grad_(True)
        fake_detached, real = self(generated.detach()), self(recorded)
        return {
            "features": feature_matching_loss(real, fake),
            "adversarial": generator_loss(fake),
            "discriminators": discriminator_loss(real, fake_detached),
        }
