"""Content encoder: log-mel to semantic vectors, for the recordings of voice conversion and for prompts.

Legend: B batch, T frames (50/s), 2T mel frames (100/s), M mel bands.
"""

from __future__ import annotations

from torch import Tensor, nn

from hierbatch.audio.spectrum import N_MELS
from hierbatch.models.convnext import ConvNeXtStack
from hierbatch.models.lite.config import LiteConfig


class LiteContentEncoder(nn.Module):
    """Content encoder, distilled from self-supervised features.

    Shape:
        mel      [B, 2T, M]
        mask     [B, T, 1]  bool
        returns  [B, T, semantic_channels]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.input_projection = nn.Conv1d(N_MELS, config.content_width, 5, stride=2, padding=2)
        self.stack = ConvNeXtStack(
            config.content_width,
            config.content_width,
            config.semantic_channels,
            n_blocks=config.content_blocks,
            kernel=config.kernel + 4,
        )

    def forward(self, mel: Tensor, mask: Tensor) -> Tensor:
        mel_mask = mask.repeat_interleave(2, 1)
        x = self.input_projection((mel * mel_mask).transpose(1, 2)).transpose(1, 2)  # [B, 2T, M] -> [B, T, C]
        vectors: Tensor = self.stack(x, mask)
        return vectors
