"""Content encoder: speech to semantic vectors at 50 frames/s, wav2vec 2.0 (Baevski et al. 2020) up to layer 7.

Legend: B batch, L samples at 16 kHz, T frames of 320 samples, C channels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize
from transformers import Wav2Vec2Config, Wav2Vec2Model

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig

_REFLECTION_SAMPLES = 40
"""Number of samples of reflection padding on either side, so that 320 T samples give T frames."""
_N_CONVOLUTIONS = 7


class ContentEncoder(nn.Module):
    """Content encoder, which returns the output of the last layer used, without a final norm.

    A row's output is independent of the batch.

    Shape:
        sound    [B, L]     raw samples, L a multiple of 320; samples past a row's end are ignored
        lengths  [B]        number of frames in each row; full rows by default
        returns  [B, C, T]  undefined past a row's end
    """

    def __init__(self, config: ContentEncoderConfig) -> None:
        super().__init__()
        self.network = Wav2Vec2Model(_library_config(config))
        # The published network normalizes the output of its last layer; here a middle layer is the last one.
        self.network.encoder.add_module("layer_norm", nn.Identity())
        parametrize.remove_parametrizations(self.network.encoder.pos_conv_embed.conv, "weight")

    def forward(self, sound: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            lengths = torch.full((len(sound),), sound.shape[-1] // FRAME_HOP_SAMPLES, device=sound.device)
        samples = (lengths * FRAME_HOP_SAMPLES).tolist()
        rows = [_reflect_pad(row[:n_samples]) for row, n_samples in zip(sound, samples, strict=True)]
        padded = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        attention_mask = None
        if min(samples) < max(samples):
            positions = torch.arange(padded.shape[1], device=sound.device)
            ends = lengths[:, None] * FRAME_HOP_SAMPLES + 2 * _REFLECTION_SAMPLES
            attention_mask = (positions < ends).long()
        vectors: Tensor = self.network(padded, attention_mask=attention_mask).last_hidden_state
        return vectors.transpose(1, 2)


def _reflect_pad(samples: Tensor) -> Tensor:
    return F.pad(samples[None], (_REFLECTION_SAMPLES, _REFLECTION_SAMPLES), mode="reflect")[0]


def _library_config(config: ContentEncoderConfig) -> Wav2Vec2Config:
    return Wav2Vec2Config(
        hidden_size=config.channels,
        num_hidden_layers=config.n_layers,
        num_attention_heads=config.n_heads,
        intermediate_size=config.wide_channels,
        conv_dim=(config.convolution_channels,) * _N_CONVOLUTIONS,
        num_conv_pos_embeddings=config.position_kernel,
        num_conv_pos_embedding_groups=config.position_groups,
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        # No masking and no layer drop: the network is never trained here.
        mask_time_prob=0.0,
        mask_feature_prob=0.0,
        layerdrop=0.0,
    )
