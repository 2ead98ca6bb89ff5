"""Text-to-vector network (TTV): text and a style to semantic vectors and pitch (HierSpeech++, section III-C).

Legend: B batch, C channels, N symbols, T frames (50/s), M mel bands, S style.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.flow import CouplingFlow
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.blocks.style import StyleEncoder
from hierbatch.models.hierspeechpp.blocks.transformer import TransformerEncoder
from hierbatch.models.hierspeechpp.blocks.wavenet import WaveNet
from hierbatch.models.hierspeechpp.text_to_vector.config import TextToVectorConfig
from hierbatch.models.hierspeechpp.text_to_vector.durations import StochasticDurationPredictor
from hierbatch.models.hierspeechpp.text_to_vector.pitch import PitchPredictor
from hierbatch.models.prosody.network import ProsodyNetwork


@dataclass(frozen=True, slots=True)
class TextPrior:
    """Encoded text and the prior of the latent for every symbol.

    Shapes: hidden, mean, log_scale [B, C, N], mask [B, 1, N].
    """

    hidden: Tensor
    mean: Tensor
    log_scale: Tensor
    mask: Tensor


@dataclass(frozen=True, slots=True)
class TextToVectorOutput:
    """Output of TTV for a batch of texts; zero past a row's end.

    Shape:
        latent    [B, C, T]
        semantic  [B, 1024, T]
        log_f0    [B, 1, 4T]  ln(F0 in Hz + 1)
        lengths   [B]         frames
    """

    latent: Tensor
    semantic: Tensor
    log_f0: Tensor
    lengths: Tensor


class TextEncoder(nn.Module):
    """Text encoder of two transformers; the second is conditioned on the style."""

    def __init__(self, config: TextToVectorConfig) -> None:
        super().__init__()
        channels = config.channels
        self.embedding = nn.Embedding(config.n_symbols, channels)
        nn.init.normal_(self.embedding.weight, std=channels**-0.5)  # `forward` scales it by the root of the channels
        self.conditioning = nn.Conv1d(config.style_channels, channels, 1)
        self.first, self.second = (
            TransformerEncoder(
                channels,
                config.wide_channels,
                n_heads=config.text_heads,
                n_layers=config.text_layers,
                kernel=config.text_kernel,
                dropout=config.text_dropout,
            )
            for _ in range(2)
        )
        self.output_projection = nn.Conv1d(channels, 2 * channels, 1)

    def forward(self, tokens: Tensor, mask: Tensor, style: Tensor) -> TextPrior:
        x = (self.embedding(tokens) * math.sqrt(self.embedding.embedding_dim)).transpose(1, 2)
        x = self.first(x, mask) + self.conditioning(style[:, :, None])
        x = self.second(x, mask)
        mean, log_scale = (self.output_projection(x) * mask).chunk(2, dim=1)
        return TextPrior(x, mean, log_scale, mask)


class PosteriorEncoder(nn.Module):
    """Posterior encoder from ground-truth semantic vectors to the latent; for training only."""

    def __init__(self, config: TextToVectorConfig) -> None:
        super().__init__()
        channels = config.channels
        self.input_projection = nn.Conv1d(config.semantic_channels, channels, 1)
        self.wavenet = WaveNet(channels, config.wavenet_kernel, config.posterior_layers, config.style_channels)
        self.output_projection = nn.Conv1d(channels, 2 * channels, 1)

    def forward(self, semantic: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log scale of the latent. Shape: [B, 1024, T], mask [B, 1, T], style [B, S] -> two of [B, C, T]."""
        x = self.wavenet(self.input_projection(semantic) * mask, mask, style)
        mean, log_scale = (self.output_projection(x) * mask).chunk(2, dim=1)
        return mean, log_scale


class SemanticDecoder(nn.Module):
    """Decoder from the latent to semantic vectors. Shape: latent [B, C, T] -> [B, 1024, T]."""

    def __init__(self, config: TextToVectorConfig) -> None:
        super().__init__()
        channels = config.decoder_channels
        self.input_projection = nn.Conv1d(config.channels, channels, 1)
        self.wavenet = WaveNet(channels, config.wavenet_kernel, config.decoder_layers, config.style_channels)
        self.output_projection = nn.Conv1d(channels, config.semantic_channels, 1)

    def forward(self, latent: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        x = self.wavenet(self.input_projection(latent * mask) * mask, mask, style)
        semantic: Tensor = self.output_projection(x) * mask
        return semantic


class TextToVector(nn.Module):
    """Text-to-vector network; a row's output is independent of the batch, except with `legacy_padding`."""

    def __init__(self, config: TextToVectorConfig) -> None:
        super().__init__()
        self.config = config
        self.posterior_encoder = PosteriorEncoder(config)
        self.text_encoder = TextEncoder(config)
        self.flow = CouplingFlow(
            config.channels,
            hidden_channels=config.channels,
            n_heads=config.flow_heads,
            style_channels=config.style_channels,
            dropout=config.dropout,
        )
        self.decoder = SemanticDecoder(config)
        self.style_encoder = StyleEncoder(config.n_mels, config.style_channels, config.dropout)
        self.durations = StochasticDurationPredictor(config.channels, config.style_channels, config.duration_dropout)
        self.pitch = PitchPredictor(
            config.semantic_channels,
            config.pitch_channels,
            config.style_channels,
            config.pitch_kernels,
            config.pitch_dilations,
        )
        self.symbol_classifier = nn.Conv1d(config.channels, config.n_symbols, 1, bias=False)
        self.languages = nn.Embedding(config.n_languages, config.style_channels) if config.n_languages else None
        self.prosody = ProsodyNetwork(config.prosody) if config.prosody_width else None
        if self.languages is not None:
            nn.init.zeros_(self.languages.weight)  # a new language speaks like the style until it is trained

    def style(self, mel: Tensor, lengths: Tensor, *, legacy_padding: bool = False) -> Tensor:
        """Encode the style of prompts. Shapes: mel [B, M, T], lengths [B] -> [B, S]."""
        result: Tensor = self.style_encoder(mel, frame_mask(lengths, mel.shape[2]), legacy_padding=legacy_padding)
        return result

    def text_style(self, style: Tensor, languages: Tensor | None) -> Tensor:
        """Style for the text encoder and the duration predictor: the voice's style plus the embedding of the language.

        Args:
            style: style vectors of the voices.
            languages: ids of the languages; None leaves the style unchanged.

        Shape:
            style      [B, S]
            languages  [B]
            returns    [B, S]
        """
        return style if self.languages is None or languages is None else style + self.languages(languages)

    def encode_text(self, tokens: Tensor, lengths: Tensor, style: Tensor) -> TextPrior:
        """Encode text. Shapes: tokens [B, N], lengths [B], style [B, S]."""
        prior: TextPrior = self.text_encoder(tokens, frame_mask(lengths, tokens.shape[1]), style)
        return prior

    def generate(
        self, prior: TextPrior, frames: Tensor, style: Tensor, noise: Tensor, *, legacy_padding: bool = False
    ) -> TextToVectorOutput:
        """Generate semantic vectors and pitch for encoded text with given durations.

        Args:
            prior: output of `encode_text`.
            frames: duration of every symbol in whole frames, from `ceil_durations`.
            style: style vector.
            noise: normal noise; its scale sets the variability of the output.
            legacy_padding: treat padding as the published code does; only for comparison with that code.

        Shape:
            frames  [B, 1, N]
            style   [B, S]
            noise   [B, C, T] with T the number of frames in the longest row
        """
        lengths = frames.sum((1, 2)).clamp_min(1).long()
        mask = frame_mask(lengths, noise.shape[2])
        mean, log_scale = (expand(values, frames, noise.shape[2]) for values in (prior.mean, prior.log_scale))
        latent = (mean + noise * torch.exp(log_scale)) * mask
        latent = self.flow.reverse(latent, mask, style, legacy_padding=legacy_padding)
        semantic = self.decoder(latent, mask, style)
        return TextToVectorOutput(
            latent, semantic, self.pitch(semantic, mask, style, legacy_padding=legacy_padding), lengths
        )  # fmt: skip


def ceil_durations(log_durations: Tensor, mask: Tensor, length_scale: Tensor | float) -> Tensor:
    """Round predicted durations up to whole frames.

    Args:
        log_durations: natural log of the durations in frames.
        mask: valid symbols.
        length_scale: scale factor for the durations; above 1 is slower.

    Shapes: log_durations, mask, returns [B, 1, N]; length_scale [B, 1, 1] or a number.
    """
    return torch.ceil(torch.exp(log_durations) * mask * length_scale)


def expand(values: Tensor, frames: Tensor, n_frames: int) -> Tensor:
    """Repeat the values of every symbol for its duration, with zeros past a row's end.

    Args:
        values: values per symbol.
        frames: duration of every symbol in frames.
        n_frames: length of the output in frames, T.

    Shape:
        values   [B, C, N]
        frames   [B, 1, N]
        returns  [B, C, T]
    """
    ends = frames[:, 0].cumsum(dim=1)
    times = torch.arange(n_frames, device=values.device).expand(len(values), -1)
    symbols = torch.searchsorted(ends, times.to(ends.dtype).contiguous(), right=True)
    is_within = symbols < values.shape[2]
    symbols = symbols.clamp_max(values.shape[2] - 1)
    picked = values.gather(2, symbols[:, None].expand(-1, values.shape[1], -1))
    return picked * is_within[:, None]
