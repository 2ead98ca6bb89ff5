"""Hierarchical synthesizer of HierSpeech++ (Lee et al. 2023, section III-B).

    semantic vectors, pitch --prior--> z --semantic flow--> semantic latent --acoustic flow--> acoustic latent
    acoustic latent --source--> excitation --waveform--> 16 kHz

Legend: B batch, C channels, T frames (50/s), M mel bands, S style, E excitation channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.flow import CouplingFlow
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.blocks.style import StyleEncoder
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig
from hierbatch.models.hierspeechpp.synthesizer.encoders import AcousticEncoder, SourceFilterEncoder, sample_latent
from hierbatch.models.hierspeechpp.synthesizer.generators import SourceGenerator, WaveformGenerator
from hierbatch.models.hierspeechpp.synthesizer.prosody import ProsodyDecoder


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerOutput:
    """Output of the synthesizer for a batch, with its intermediate values.

    Shape:
        sound                     [B, 1, 320 T]
        log_f0                    [B, 1, 4 T]  predicted by the source generator
        excitation                [B, E, 4 T]
        acoustic, semantic        [B, C, T]  latents
        mean, log_scale           [B, C, T]  parameters of the prior
    """

    sound: Tensor
    log_f0: Tensor
    excitation: Tensor
    acoustic: Tensor
    semantic: Tensor
    mean: Tensor
    log_scale: Tensor


class TrainingModules(nn.Module):
    """Modules used only in training: both posterior encoders and the prosody decoder."""

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        self.semantic_encoder = SourceFilterEncoder(config)
        self.acoustic_encoder = AcousticEncoder(config)
        self.prosody = ProsodyDecoder(config)


class Synthesizer(nn.Module):
    """Hierarchical synthesizer: semantic vectors, pitch and a style to a waveform.

    A row's output is independent of the batch. With `legacy_padding`, frames past a row's end affect the output, as in
    the published code; only for comparison with that code.
    """

    def __init__(self, config: SynthesizerConfig, *, is_for_training: bool = True) -> None:
        super().__init__()
        self.config = config
        channels, style_channels = config.channels, config.style_channels
        self.style = StyleEncoder(config.n_mels, style_channels, config.dropout)
        self.prior = SourceFilterEncoder(config)
        self.semantic_flow = CouplingFlow(channels, channels, config.n_heads, style_channels, config.dropout)
        self.acoustic_flow = CouplingFlow(channels, channels, config.n_heads, style_channels, config.dropout)
        self.source = SourceGenerator(config)
        self.waveform = WaveformGenerator(config)
        self.null_style = nn.Parameter(torch.randn(1, style_channels) * style_channels**-0.5)
        self.training_modules = TrainingModules(config) if is_for_training else None

    def forward(
        self,
        semantic: Tensor,
        log_f0: Tensor,
        lengths: Tensor,
        style: Tensor,
        noise: Tensor,
        *,
        noise_scale: float = 1.0,
        is_styled: bool = True,
        legacy_padding: bool = False,
    ) -> SynthesizerOutput:
        """Synthesize a batch.

        Args:
            semantic: output of the content encoder (layer 7) or of text-to-vector.
            log_f0: natural logarithm of F0 in Hz plus one, 0 where unvoiced.
            lengths: number of frames in each row.
            style: output of `encode_style`.
            noise: standard normal noise.
            noise_scale: scale factor for the noise; 0 gives the mean of the prior, 0.333 is robust, 0.667 more
                expressive.
            is_styled: False conditions the generators on the null embedding (classifier-free guidance).
            legacy_padding: see the class.

        Shape:
            semantic  [B, 1024, T]
            log_f0    [B, 1, 4 T]
            lengths   [B]
            style     [B, S]
            noise     [B, C, T]
        """
        mask = frame_mask(lengths, semantic.shape[-1])
        if not legacy_padding:
            log_f0 = log_f0 * mask.repeat_interleave(self.config.f0_per_frame, dim=2)
        mean, log_scale = self.prior(semantic, log_f0, mask, style)
        latent = sample_latent(mean, log_scale, noise, mask, noise_scale)
        semantic_latent = self.semantic_flow.reverse(latent, mask, style, legacy_padding=legacy_padding)
        acoustic = self.acoustic_flow.reverse(semantic_latent, mask, style, legacy_padding=legacy_padding)
        generator_style = style if is_styled else self.unconditional_style(len(style))
        ends = torch.full_like(lengths, semantic.shape[-1]) if legacy_padding else lengths
        excitation, predicted_f0 = self.source(acoustic, ends, generator_style)
        return SynthesizerOutput(
            sound=self.waveform(acoustic, excitation, ends, generator_style),
            log_f0=predicted_f0,
            excitation=excitation,
            acoustic=acoustic,
            semantic=semantic_latent,
            mean=mean,
            log_scale=log_scale,
        )

    def encode_style(self, mel: Tensor, lengths: Tensor, *, legacy_padding: bool = False) -> Tensor:
        """Encode the style of prompts from their log-mel. Shape: mel [B, M, T], lengths [B] -> [B, S]."""
        style: Tensor = self.style(mel, frame_mask(lengths, mel.shape[-1]), legacy_padding=legacy_padding)
        return style

    def unconditional_style(self, n_rows: int) -> Tensor:
        """Return the scaled null embedding, repeated for every row. Shape: [n_rows, S]."""
        result: Tensor = (self.null_style * self.config.style_channels**0.5).expand(n_rows, -1)
        return result
