"""Transformers: the post-norm encoder of VITS, and a block with style-conditioned norms.

Legend: B batch, C channels, T frames or symbols, S style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.attention import Attention, attention_names
from hierbatch.models.hierspeechpp.blocks.convolution import WideConvolution
from hierbatch.models.weights.checkpoint import NameTable, Rename, with_prefix

_RELATIVE_REACH = 4


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels. Shape: [B, C, T] -> [B, C, T]."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class TransformerEncoder(nn.Module):
    """Layers of relative self-attention and convolutional feed-forward (Kim et al. 2021, VITS, appendix B).

    Shape:
        x        [B, C, T]
        mask     [B, 1, T]
        returns  [B, C, T]; zero past a row's end
    """

    def __init__(
        self, channels: int, wide_channels: int, *, n_heads: int, n_layers: int, kernel: int, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.attentions = nn.ModuleList(Attention(channels, n_heads, _RELATIVE_REACH, dropout) for _ in range(n_layers))
        self.attention_norms = nn.ModuleList(ChannelNorm(channels) for _ in range(n_layers))
        self.feed_forwards = nn.ModuleList(
            _FeedForward(channels, wide_channels, kernel, dropout) for _ in range(n_layers)
        )
        self.feed_forward_norms = nn.ModuleList(ChannelNorm(channels) for _ in range(n_layers))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x * mask
        layers = zip(
            self.attentions, self.attention_norms, self.feed_forwards, self.feed_forward_norms, strict=True
        )  # fmt: skip
        for attention, attention_norm, feed_forward, feed_forward_norm in layers:
            x = attention_norm(x + self.dropout(attention(x, mask)))
            x = feed_forward_norm(x + self.dropout(feed_forward(x, mask)))
        return x * mask


class _FeedForward(nn.Module):
    def __init__(self, channels: int, wide_channels: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.pads = ((kernel - 1) // 2, kernel // 2)
        self.widen = WideConvolution(channels, wide_channels, kernel)
        self.narrow = WideConvolution(wide_channels, channels, kernel)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        wide = self.dropout(torch.relu(self.widen(F.pad(x * mask, self.pads))))
        result: Tensor = self.narrow(F.pad(wide * mask, self.pads)) * mask
        return result


class StyledTransformerBlock(nn.Module):
    """Self-attention and convolutional feed-forward with adaptive layer norm and gates (Peebles and Xie 2023, DiT).

    With `legacy_padding`, attention and the convolution read the frames past a row's end, as in the published code;
    the shift that the style adds makes these frames nonzero.

    Shape:
        x        [B, C, T]
        mask     [B, 1, T]
        style    [B, C]
        returns  [B, C, T]
    """

    def __init__(self, channels: int, n_heads: int, kernel: int = 5, dropout: float = 0.1) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.modulation = nn.Linear(channels, 6 * channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.projection = nn.Linear(channels, channels)
        self.widen = WideConvolution(channels, 4 * channels, kernel, padding=kernel // 2)
        self.narrow = nn.Conv1d(4 * channels, channels, 1)
        self.dropout = nn.Dropout(dropout)
        init_linear(self.qkv)
        init_linear(self.projection)
        # A new block is the identity.
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(self, x: Tensor, mask: Tensor, style: Tensor, *, legacy_padding: bool = False) -> Tensor:
        settings = self.modulation(F.silu(style))[:, :, None].chunk(6, dim=1)
        shift, scale, gate, wide_shift, wide_scale, wide_gate = settings
        x = x * mask
        attention_mask = None if legacy_padding else mask[:, None].bool()
        x = x + gate * self._attend(_normalize(x) * mask * (1 + scale) + shift, attention_mask) * mask
        modulated = _normalize(x) * (1 + wide_scale) + wide_shift
        result: Tensor = x + wide_gate * self._feed_forward(modulated if legacy_padding else modulated * mask, mask)
        return result

    def _attend(self, x: Tensor, attention_mask: Tensor | None) -> Tensor:
        query, key, value = self.qkv(x.transpose(1, 2)).unflatten(-1, (3, self.n_heads, -1)).unbind(2)
        attended = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2), attn_mask=attention_mask
        )
        result: Tensor = self.projection(attended.transpose(1, 2).flatten(2)).transpose(1, 2)
        return result

    def _feed_forward(self, x: Tensor, mask: Tensor) -> Tensor:
        wide = self.dropout(F.gelu(self.widen(x), approximate="tanh"))
        result: Tensor = self.dropout(self.narrow(wide * mask)) * mask
        return result


def init_linear(layer: nn.Module) -> None:
    """Initialize a linear layer as in the published flows: Xavier-uniform weights, zero biases."""
    assert isinstance(layer, nn.Linear)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)


def _normalize(x: Tensor) -> Tensor:
    """Layer norm over channels, without learned weights. Shape: [B, C, T] -> [B, C, T]."""
    return F.layer_norm(x.transpose(1, 2), x.shape[1:2], eps=1e-6).transpose(1, 2)


def transformer_names() -> NameTable:
    """Name table of `TransformerEncoder`."""
    return (
        *with_prefix(r"attn_layers\.(\d+)", r"attentions.\1", attention_names()),
        Rename(r"ffn_layers\.(\d+)\.conv_1\.(.+)", r"feed_forwards.\1.widen.\2"),
        Rename(r"ffn_layers\.(\d+)\.conv_2\.(.+)", r"feed_forwards.\1.narrow.\2"),
        Rename(r"norm_layers_1\.(\d+)\.gamma", r"attention_norms.\1.weight"),
        Rename(r"norm_layers_1\.(\d+)\.beta", r"attention_norms.\1.bias"),
        Rename(r"norm_layers_2\.(\d+)\.gamma", r"feed_forward_norms.\1.weight"),
        Rename(r"norm_layers_2\.(\d+)\.beta", r"feed_forward_norms.\1.bias"),
    )


def styled_block_names() -> NameTable:
    """Name table of `StyledTransformerBlock`."""
    return (
        Rename(r"adaLN_modulation\.1\.(.+)", r"modulation.\1"),
        Rename(r"attn\.qkv\.(.+)", r"qkv.\1"),
        Rename(r"attn\.proj\.(.+)", r"projection.\1"),
        Rename(r"mlp\.fc1\.(.+)", r"widen.\1"),
        Rename(r"mlp\.fc2\.(.+)", r"narrow.\1"),
    )
