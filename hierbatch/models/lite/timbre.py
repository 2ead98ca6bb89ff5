"""Attention to the prompt's frames: the speaker's timbre for each sound, read from similar sounds in the prompt.

A style vector describes a voice on average; attention describes it sound by sound. Queries and keys are semantic
vectors, which encode content and not the speaker, and values are the prompt's spectrum: attention finds prompt frames
of the same content (Vaswani et al. 2017, section 3.2; a voice prompt as in HierSpeech++, section III-B).

Legend: B batch, T frames (50/s), P prompt frames (50/s), C semantic channels, M mel bands, H heads, W width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import N_MELS
from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.convnext import length_mask
from hierbatch.models.lite.config import LiteConfig


@dataclass(frozen=True, slots=True)
class PromptFrames:
    """Prompt frames of a batch, zero-padded.

    Shape:
        semantic  [B, P, C]   from the content encoder
        mel       [B, 2P, M]
        lengths   [B]         frames, at least 1
    """

    semantic: Tensor
    mel: Tensor
    lengths: Tensor


class TimbreAttention(nn.Module):
    """Cross-attention from semantic vectors to the prompt's frames.

    It is initialized to attend by cosine similarity and to output zero.

    Shape:
        semantic  [B, T, C]
        prompt    `PromptFrames` of the batch
        returns   [B, T, W]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.n_heads, channels, width = config.timbre_heads, config.semantic_channels, config.acoustic_width
        self.query = nn.Linear(channels, self.n_heads * channels, bias=False)
        self.key = nn.Linear(channels, self.n_heads * channels, bias=False)
        self.value = nn.Linear(MELS_PER_FRAME * N_MELS, width)
        self.output_projection = nn.Linear(width, width)
        with torch.no_grad():
            # Heads start with different sharpness: query times key is 1/2, 1, 2, ... times the dot product.
            gains = 2.0 ** ((torch.arange(self.n_heads) - 1.0) / 2)
            start = (torch.eye(channels)[None] * gains[:, None, None]).flatten(0, 1)
            self.query.weight.copy_(start)
            self.key.weight.copy_(start)
        nn.init.zeros_(self.output_projection.weight)
        nn.init.zeros_(self.output_projection.bias)

    def forward(self, semantic: Tensor, prompt: PromptFrames) -> Tensor:
        pairs = prompt.mel.reshape(prompt.mel.shape[0], -1, MELS_PER_FRAME * N_MELS)  # [B, 2P, M] -> [B, P, 2M]
        query, key, value = (
            self._by_head(x) for x in (self.query(semantic), self.key(prompt.semantic), self.value(pairs))
        )
        valid = length_mask(prompt.lengths, key.shape[2])[:, None, None]  # [B, 1, 1, P]
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=valid)
        joined: Tensor = self.output_projection(attended.transpose(1, 2).flatten(2))  # [B, H, T, W/H] -> [B, T, W]
        return joined

    def _by_head(self, x: Tensor) -> Tensor:
        """Split channels into heads. Shape: [B, T, H D] -> [B, H, T, D]."""
        result: Tensor = x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
        return result
