"""Style encoder: one vector for a speaker's voice from the log-mel of a prompt.

Meta-StyleSpeech, Min et al. 2021, section 3.1.
Legend: B batch, M mel bands, C channels, T frames (50/s).
"""

from __future__ import annotations

from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.attention import Attention, attention_names
from hierbatch.models.weights.checkpoint import NameTable, Rename, with_prefix

_N_HEADS = 2
_KERNEL = 5


class StyleEncoder(nn.Module):
    """Style encoder of two dense layers, two gated convolutions, self-attention, and the mean over the frames of a row.

    A row's output is independent of the batch. With `legacy_padding`, frames past a row's end enter the sum as in the
    published code; only for comparison with that code.

    Shape:
        mel      [B, M, T]
        mask     [B, 1, T]
        returns  [B, C]
    """

    def __init__(self, n_mels: int, channels: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.spectral = nn.Sequential(
            nn.Conv1d(n_mels, channels, 1), nn.Mish(), nn.Conv1d(channels, channels, 1), nn.Mish()
        )
        self.temporal = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels, _KERNEL, padding=_KERNEL // 2) for _ in range(2)
        )
        self.gate = nn.GLU(dim=1)
        self.attention = Attention(channels, _N_HEADS, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.output_projection = nn.Conv1d(channels, channels, 1)

    def forward(self, mel: Tensor, mask: Tensor, *, legacy_padding: bool = False) -> Tensor:
        project, activation, mix, last_activation = self.spectral
        x = self.dropout(activation(project(mel)))
        x = self.dropout(last_activation(mix(x))) * mask
        for convolution in self.temporal:
            x = x + self.dropout(self.gate(convolution(x if legacy_padding else x * mask)))
        x = x * mask
        x = self.output_projection(x + self.dropout(self.attention(x, mask)))
        counted = x if legacy_padding else x * mask
        result: Tensor = counted.sum(dim=2) / mask.sum(dim=2)
        return result


def style_names() -> NameTable:
    """Name table of `StyleEncoder`."""
    return (
        Rename(r"spectral\.0\.(.+)", r"spectral.0.\1"),
        Rename(r"spectral\.3\.(.+)", r"spectral.2.\1"),
        Rename(r"temporal\.(\d+)\.conv1\.(.+)", r"temporal.\1.\2"),
        *with_prefix(r"slf_attn", "attention", attention_names()),
        Rename(r"fc\.(.+)", r"output_projection.\1"),
    )
