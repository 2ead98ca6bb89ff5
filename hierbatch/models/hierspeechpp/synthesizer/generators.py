"""Generators from the latent: the source generator predicts F0 and an excitation, the waveform generator the audio.

HierSpeech++, Lee et al. 2023, section III-B4.

Legend: B batch, C channels, T frames (50/s), E channels of the excitation, S style.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.anti_aliased import AntiAliasedBlocks, AntiAliasedSnake
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig

_EDGE_KERNEL = 7
_SLOPE = 0.1
_UPSAMPLE_STD = 0.01
"""Initial standard deviation of the transposed convolutions, as in HiFi-GAN."""
_DOWN_DILATIONS = (1, 2, 4)


class SourceGenerator(nn.Module):
    """Generator of the excitation and its log F0, at four values per frame.

    Shape:
        latent   [B, C, T]  zero past a row's end
        lengths  [B]  frames
        style    [B, S]
        returns  excitation [B, E, 4 T], zero past a row's end, and log F0 [B, 1, 4 T]
    """

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        width = config.source_channels
        self.input_projection = _edge(config.channels, width)
        self.conditioning = nn.Conv1d(config.style_channels, width, 1)
        self.stages = _stages(
            width, config.source_rates, config.source_kernels, config.source_block_kernels, config.dilations
        )
        self._rates = config.source_rates
        self.last_snake = AntiAliasedSnake(config.excitation_channels)
        self.output_projection = _edge(config.excitation_channels, 1, bias=False)

    def forward(self, latent: Tensor, lengths: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        x = self.input_projection(latent) + self.conditioning(style[:, :, None])
        x = x * frame_mask(lengths, x.shape[-1])
        for stage, rate in zip(self.stages, self._rates, strict=True):
            lengths = lengths * rate
            x = stage(x, lengths)
        excitation = self.last_snake(x, lengths) * frame_mask(lengths, x.shape[-1])
        return excitation, self.output_projection(excitation)


class WaveformGenerator(nn.Module):
    """Vocoder of anti-aliased upsampling stages; the excitation is added at its own rate and at that of the latent.

    Shape:
        latent      [B, C, T]  zero past a row's end
        excitation  [B, E, 4 T]  zero past a row's end
        lengths     [B]  frames
        style       [B, S]
        returns     [B, 1, 320 T]; zero past a row's end
    """

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        width = config.waveform_channels
        self.input_projection = _edge(config.channels, width)
        self.conditioning = nn.Conv1d(config.style_channels, width, 1)
        self.frame_rate_excitation = _FrameRateExcitation(config.excitation_channels, width)
        self.excitation = _edge(config.excitation_channels, width // 2)
        self.stages = _stages(
            width, config.waveform_rates, config.waveform_kernels, config.block_kernels, config.dilations
        )
        narrow = width // 2 ** len(config.waveform_rates)
        self.last_snake = AntiAliasedSnake(narrow)
        self.output_projection = _edge(narrow, 1, bias=False)
        self._f0_per_frame, self._rates = config.f0_per_frame, config.waveform_rates

    def forward(self, latent: Tensor, excitation: Tensor, lengths: Tensor, style: Tensor) -> Tensor:
        mask = frame_mask(lengths, latent.shape[-1])
        slow = self.frame_rate_excitation(excitation[:, :, :: self._f0_per_frame], mask)
        x = (self.input_projection(latent) + slow + self.conditioning(style[:, :, None])) * mask
        added: Tensor | None = self.excitation(excitation)
        for stage, rate in zip(self.stages, self._rates, strict=True):
            lengths = lengths * rate
            x = stage(x, lengths, added)
            added = None
        mask = frame_mask(lengths, x.shape[-1])
        return torch.tanh(self.output_projection(self.last_snake(x, lengths) * mask)) * mask


class _FrameRateExcitation(nn.Module):
    """Projection of the excitation at one value per frame. Shape: excitation [B, E, T], mask [B, 1, T] -> [B, C, T]."""

    def __init__(self, channels: int, new_channels: int) -> None:
        super().__init__()
        self.skip = nn.Conv1d(channels, new_channels, 1)
        widths = [channels, *[new_channels] * (len(_DOWN_DILATIONS) - 1)]
        self.residual = nn.ModuleList(
            nn.Conv1d(width, new_channels, 3, dilation=dilation, padding=dilation)
            for width, dilation in zip(widths, _DOWN_DILATIONS, strict=True)
        )

    def forward(self, excitation: Tensor, mask: Tensor) -> Tensor:
        x = excitation
        for convolution in self.residual:
            x = convolution(F.leaky_relu(x, _SLOPE)) * mask
        result: Tensor = self.skip(excitation) + x
        return result


class _Upsample(nn.Module):
    """Transposed convolution to a higher rate, then the mean of anti-aliased blocks."""

    def __init__(
        self,
        channels: int,
        new_channels: int,
        rate: int,
        kernel: int,
        block_kernels: tuple[int, ...],
        dilations: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose1d(channels, new_channels, kernel, stride=rate, padding=(kernel - rate) // 2)
        nn.init.normal_(self.upsample.weight, std=_UPSAMPLE_STD)
        self.blocks = AntiAliasedBlocks(new_channels, block_kernels, dilations)

    def forward(self, x: Tensor, lengths: Tensor, added: Tensor | None = None) -> Tensor:
        x = self.upsample(x)
        if added is not None:
            x = x + added
        result: Tensor = self.blocks(x * frame_mask(lengths, x.shape[-1]), lengths)
        return result


def _stages(
    channels: int,
    rates: tuple[int, ...],
    kernels: tuple[int, ...],
    block_kernels: tuple[int, ...],
    dilations: tuple[int, ...],
) -> nn.ModuleList:
    """Create the upsampling stages; each has half the channels of the previous stage."""
    return nn.ModuleList(
        _Upsample(channels >> stage, channels >> (stage + 1), rate, kernel, block_kernels, dilations)
        for stage, (rate, kernel) in enumerate(zip(rates, kernels, strict=True))
    )


def _edge(channels: int, new_channels: int, *, bias: bool = True) -> nn.Conv1d:
    return nn.Conv1d(channels, new_channels, _EDGE_KERNEL, padding=_EDGE_KERNEL // 2, bias=bias)
