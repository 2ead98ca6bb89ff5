"""Self-attention (Vaswani et al. 2017) with optional relative positions (Shaw et al. 2018, as in VITS).

Legend: B batch, H heads, C channels, D channels of a head, T frames or symbols, w reach of relative positions.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.weights.checkpoint import NameTable, Rename

_MASKED_SCORE = -1e4
"""Score of masked positions; finite, so that a fully masked frame attends evenly instead of giving NaN."""


class Attention(nn.Module):
    """Self-attention; relative positions of at most `reach` frames have learned keys and values.

    Shape:
        x        [B, C, T]
        mask     [B, 1, T]
        returns  [B, C, T]; not masked past a row's end, as in the published networks
    """

    def __init__(self, channels: int, n_heads: int, reach: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.n_heads, self.reach, self.dropout = n_heads, reach, dropout
        self.query, self.key, self.value, self.output_projection = (nn.Conv1d(channels, channels, 1) for _ in range(4))
        if reach:
            width = channels // n_heads
            self.relative_keys = nn.Parameter(torch.randn(1, 2 * reach + 1, width) / math.sqrt(width))
            self.relative_values = nn.Parameter(torch.randn(1, 2 * reach + 1, width) / math.sqrt(width))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (self._heads(layer(x)) for layer in (self.query, self.key, self.value))
        query = query / math.sqrt(query.shape[-1])
        scores = query @ key.transpose(-2, -1)  # [B, H, T, T]
        if self.reach:
            scores = scores + _along_diagonals(query @ self.relative_keys.transpose(-2, -1))
        is_valid = (mask[:, :, None] * mask[:, :, :, None]).bool()
        weights = scores.masked_fill(~is_valid, _MASKED_SCORE).softmax(dim=-1)
        weights = F.dropout(weights, self.dropout, self.training)
        attended = weights @ value
        if self.reach:
            attended = attended + _from_diagonals(weights, self.reach) @ self.relative_values
        result: Tensor = self.output_projection(attended.transpose(-2, -1).flatten(1, 2))
        return result

    def _heads(self, x: Tensor) -> Tensor:
        """Split channels into heads. Shape: [B, C, T] -> [B, H, T, D]."""
        result: Tensor = x.unflatten(1, (self.n_heads, -1)).transpose(-2, -1)
        return result


def _along_diagonals(relative: Tensor) -> Tensor:
    """Shift relative to absolute positions: value r + w of row i moves to column i + r, for |r| <= w; zero elsewhere.

    Shape: [B, H, T, 2w + 1] -> [B, H, T, T].
    """
    n_frames, reach = relative.shape[-2], relative.shape[-1] // 2
    # Reshaping to rows one element shorter shifts each row by one more element.
    width = n_frames + 2 * reach
    shifted = F.pad(relative, (0, n_frames)).flatten(-2)[..., : n_frames * width].unflatten(-1, (n_frames, width))
    result: Tensor = shifted[..., reach : reach + n_frames]
    return result


def _from_diagonals(square: Tensor, reach: int) -> Tensor:
    """Shift absolute to relative positions, inverse to `_along_diagonals`. Shape: [B, H, T, T] -> [B, H, T, 2w + 1]."""
    n_frames = square.shape[-1]
    flat = F.pad(F.pad(square, (reach, reach)).flatten(-2), (0, n_frames))
    result: Tensor = flat.unflatten(-1, (n_frames, n_frames + 2 * reach + 1))[..., : 2 * reach + 1]
    return result


def attention_names() -> NameTable:
    """Name table of `Attention`."""
    return (
        Rename(r"conv_q\.(.+)", r"query.\1"),
        Rename(r"conv_k\.(.+)", r"key.\1"),
        Rename(r"conv_v\.(.+)", r"value.\1"),
        Rename(r"conv_o\.(.+)", r"output_projection.\1"),
        Rename(r"emb_rel_k", "relative_keys"),
        Rename(r"emb_rel_v", "relative_values"),
    )
