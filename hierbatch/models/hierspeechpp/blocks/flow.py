"""Mean-only coupling flow with style-conditioned transformers as couplings (HierSpeech++, section III-B).

Legend: B batch, C channels, T frames, S style.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.transformer import (
    StyledTransformerBlock,
    init_linear,
    styled_block_names,
)
from hierbatch.models.weights.checkpoint import NameTable, Rename, with_prefix

_N_COUPLINGS = 4
_N_BLOCKS = 3


class CouplingFlow(nn.Module):
    """Normalizing flow from a latent to the space of its prior, and back with `reverse`; the log-determinant is zero.

    A row's output is independent of the batch. With `legacy_padding`, attention and convolutions read the frames past
    a row's end as in the published code; only for comparison with that code.

    Shape:
        x        [B, C, T]
        mask     [B, 1, T]
        style    [B, S]
        returns  [B, C, T]
    """

    def __init__(
        self, channels: int, hidden_channels: int, n_heads: int, style_channels: int, dropout: float = 0.1
    ) -> None:
        super().__init__()
        wide = 4 * hidden_channels
        self.conditioning = nn.Sequential(
            nn.Linear(style_channels, wide), nn.SiLU(), nn.Linear(wide, hidden_channels)
        )  # fmt: skip
        self.couplings = nn.ModuleList(
            _Coupling(channels // 2, hidden_channels, n_heads, dropout) for _ in range(_N_COUPLINGS)
        )
        for layer in self.conditioning[0], self.conditioning[2]:
            init_linear(layer)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor, *, legacy_padding: bool = False) -> Tensor:
        condition = self.conditioning(style)
        for coupling in self.couplings:
            x = coupling(x, mask, condition, sign=1, legacy_padding=legacy_padding).flip(1)
        return x

    def reverse(self, x: Tensor, mask: Tensor, style: Tensor, *, legacy_padding: bool = False) -> Tensor:
        """Apply the inverse of `forward`; shapes as in `forward`."""
        condition = self.conditioning(style)
        for coupling in reversed(self.couplings):
            x = coupling(x.flip(1), mask, condition, sign=-1, legacy_padding=legacy_padding)
        return x


class _Coupling(nn.Module):
    """Coupling layer: shifts one half of the channels by a function of the other half."""

    def __init__(self, half_channels: int, hidden_channels: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.input_projection = nn.Conv1d(half_channels, hidden_channels, 1)
        self.blocks = nn.ModuleList(
            StyledTransformerBlock(hidden_channels, n_heads, dropout=dropout) for _ in range(_N_BLOCKS)
        )
        self.output_projection = nn.Conv1d(hidden_channels, half_channels, 1)
        nn.init.zeros_(self.output_projection.weight)
        nn.init.zeros_(self.output_projection.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor, *, sign: int, legacy_padding: bool) -> Tensor:
        kept, shifted = x.chunk(2, dim=1)
        hidden = self.input_projection(kept) * mask
        for block in self.blocks:
            hidden = block(hidden, mask, condition, legacy_padding=legacy_padding)
        return torch.cat([kept, (shifted + sign * self.output_projection(hidden)) * mask], dim=1)


def flow_names() -> NameTable:
    """Name table of `CouplingFlow`; the published numbering also counts the flips, which have no weights."""
    couplings = [
        entry
        for index, published_index in enumerate(range(0, 2 * _N_COUPLINGS, 2))
        for entry in with_prefix(rf"flows\.{published_index}", f"couplings.{index}", _coupling_names())
    ]
    return (Rename(r"cond_block\.(.+)", r"conditioning.\1"), *couplings)


def _coupling_names() -> NameTable:
    return (
        Rename(r"pre\.(.+)", r"input_projection.\1"),
        Rename(r"post\.(.+)", r"output_projection.\1"),
        *with_prefix(r"enc_block\.(\d+)", r"blocks.\1", styled_block_names()),
    )
