"""Auxiliary decoder that ties the semantic latent to the prosody (HierSpeech++, section III-B); for training only.

Legend: B batch, C channels, T frames, M lowest mel bands, S style.
"""

from __future__ import annotations

from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.transformer import TransformerEncoder
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig

_INPUT_KERNEL = 3
_N_LAYERS = 2


class ProsodyDecoder(nn.Module):
    """Decoder that predicts the lowest mel bands from a latent.

    Shape:
        latent   [B, C, T]  zero past a row's end
        mask     [B, 1, T]
        style    [B, S]
        returns  [B, M, T]; zero past a row's end
    """

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        channels = config.channels
        self.input_projection = nn.Conv1d(channels, channels, _INPUT_KERNEL, padding=_INPUT_KERNEL // 2)
        self.conditioning = nn.Conv1d(config.style_channels, channels, 1)
        self.encoder = TransformerEncoder(
            channels,
            config.wide_channels,
            n_heads=config.n_heads,
            n_layers=_N_LAYERS,
            kernel=config.kernel,
            dropout=config.dropout,
        )
        self.output_projection = nn.Conv1d(channels, config.n_prosody_mels, 1, bias=False)

    def forward(self, latent: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        x = self.input_projection(latent * mask) + self.conditioning(style[:, :, None])
        bands: Tensor = self.output_projection(self.encoder(x, mask)) * mask
        return bands
