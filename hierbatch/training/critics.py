"""Discriminators that a network learns against, and what both learn from one batch.

Legend: B batch, L samples.
"""

from __future__ import annotations

from torch import Tensor, nn

from hierbatch.models.discriminators.config import DiscriminatorConfig
from hierbatch.models.discriminators.losses import discriminator_loss, feature_matching_loss, generator_loss
from hierbatch.models.discriminators.model import Discriminators, Judgement
from hierbatch.training.loop import Losses

_LOUDNESS = 10.0
_OUTPUT_STD = 0.02


class Critics(Discriminators):
    """Discriminators ready to learn, to which sound comes flatter and louder: a voice has little at the top.

    Shape:
        sound  [B, L]
    """

    def __init__(self, config: DiscriminatorConfig, *, pre_emphasis: float) -> None:
        super().__init__(config)
        self._pre_emphasis = pre_emphasis
        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # torch's own start lets a faint sound die out on the way
                nn.init.kaiming_normal_(module.weight, a=0.1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for critic in (*self.by_spectrogram, *self.by_period):
            nn.init.normal_(critic.leave.weight, std=_OUTPUT_STD)

    def forward(self, sound: Tensor) -> list[Judgement]:
        flat = sound[:, 1:] - self._pre_emphasis * sound[:, :-1]
        return super().forward(_LOUDNESS * flat[:, None])

    def contest(self, made: Tensor, recorded: Tensor) -> Losses:
        """What who made the sound learns (`features`, `adversarial`), and what the critics learn (`critics`).

        The gradients of either reach that one alone. Shape: twice [B, L].
        """
        self.requires_grad_(False)
        fooled = self(made)
        self.requires_grad_(True)
        told, real = self(made.detach()), self(recorded)
        return {
            "features": feature_matching_loss(real, fooled),
            "adversarial": generator_loss(fooled),
            "critics": discriminator_loss(real, told),
        }
