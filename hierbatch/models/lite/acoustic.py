"""First half of the hierarchical synthesizer: from semantic vectors, F0 and a style to the log-mel latent z.

Legend: B batch, T frames (50/s), 2T mel frames (100/s), M mel bands, S style.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from hierbatch.audio.spectrum import N_MELS
from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.convnext import ConvNeXtStack
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.style import LiteStyleEncoder
from hierbatch.models.lite.timbre import PromptFrames, TimbreAttention

REFERENCE_HZ = 150.0


def pitch_features(f0_hz: Tensor, voiced: Tensor) -> Tensor:
    """Network input from log F0 relative to 150 Hz and voicing; the two mel frames of a content frame are stacked.

    Shape:
        f0_hz    [B, 2T]  positive everywhere (interpolated through unvoiced segments)
        voiced   [B, 2T]  0 to 1
        returns  [B, T, 4]
    """
    log_f0 = (torch.log(f0_hz) - math.log(REFERENCE_HZ)) * 2.0
    pairs = torch.stack([log_f0, voiced], dim=-1)  # [B, 2T, 2]
    return pairs.reshape(pairs.shape[0], -1, 2 * MELS_PER_FRAME)


class Acoustic(nn.Module):
    """Acoustic model: semantic vectors and pitch to log-mel in a prompt's voice (HierSpeech++ section III-B, reduced).

    The voice enters twice: as a global style vector, and by attention to the prompt's frames.

    Shape:
        semantic  [B, T, semantic_channels]
        pitch     [B, T, 4]  from `pitch_features`
        style     [B, S]
        prompt    `PromptFrames` of the batch
        mask      [B, T, 1]  bool
        returns   [B, 2T, M]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.style = LiteStyleEncoder(config)
        self.timbre = TimbreAttention(config)
        self.decoder = ConvNeXtStack(
            config.semantic_channels + 2 * MELS_PER_FRAME,
            config.acoustic_width,
            N_MELS * MELS_PER_FRAME,
            n_blocks=config.acoustic_blocks,
            kernel=config.kernel,
            style_channels=config.style_channels,
        )

    def forward(self, semantic: Tensor, pitch: Tensor, style: Tensor, prompt: PromptFrames, mask: Tensor) -> Tensor:
        timbre = self.timbre(semantic, prompt)
        z = self.decoder(torch.cat([semantic, pitch], dim=-1), mask, style, timbre)  # [B, T, 2M]
        result: Tensor = z.reshape(z.shape[0], -1, N_MELS)
        return result
