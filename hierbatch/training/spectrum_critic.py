"""A critic that tells recorded log-mel from made, so that what regression smooths away is asked for again.

Least squares instead of logarithms (Mao et al. 2017), features matched layer by layer (Larsen et al. 2016); a band
coordinate beside the spectrum tells the convolutions how high they are.

Legend: B batch, T mel frames (100/s), M mel bands.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

_CHANNELS = (24, 48, 96, 96)
_SLOPE = 0.2


class SpectrumCritic(nn.Module):
    """Patches of about 0.3 s by a third of the bands, each judged on its own.

    Shape:
        mel      [B, T, M]
        returns  scores [B, 1, T / 8, M / 8], features of each layer
    """

    def __init__(self) -> None:
        super().__init__()
        layers, entering = [], 2
        for index, channels in enumerate(_CHANNELS):
            stride = 2 if index < len(_CHANNELS) - 1 else 1
            layers.append(nn.Conv2d(entering, channels, 5, stride, padding=2))
            entering = channels
        self.layers = nn.ModuleList(layers)
        self.score = nn.Conv2d(entering, 1, 3, padding=1)

    def forward(self, mel: Tensor) -> tuple[Tensor, list[Tensor]]:
        height = torch.linspace(-1, 1, mel.shape[2], device=mel.device).expand_as(mel)
        x, features = torch.stack([mel, height], dim=1), []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
            features.append(x)
        return self.score(x), features


def critic_loss(critic: SpectrumCritic, recorded: Tensor, made: Tensor) -> Tensor:
    """What the critic learns by: 1 for recordings, 0 for what was made. Shape: [B, T, M], [B', T, M] -> []."""
    return ((critic(recorded)[0] - 1) ** 2).mean() + (critic(made.detach())[0] ** 2).mean()


def persuasion_losses(critic: SpectrumCritic, recorded: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """What the maker learns by, the critic held still: to be taken for a recording, and likeness of the features.

    The first rows of `made` are meant to be the recorded rows; further ones have no recording to be like.

    Shape:
        recorded  [B, T, M]
        made      [B', T, M]  B' >= B
        returns   [], []
    """
    still = {name: value.detach() for name, value in critic.named_parameters()}
    scores, features = functional_call(critic, still, (made,))
    with torch.no_grad():
        _, wanted = critic(recorded)
    unlike = [
        F.l1_loss(ours[: len(theirs)], theirs) / theirs.abs().mean()
        for ours, theirs in zip(features, wanted, strict=True)
    ]
    return ((scores - 1) ** 2).mean(), torch.stack(unlike).mean()
