"""Encoders of the synthesizer's latent distributions (HierSpeech++, Lee et al. 2023, section III-B).

Each latent has a normal distribution, with a mean and a log scale.
Legend: B batch, C channels, T frames (50/s), S style.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.anti_aliased import AntiAliasedBlocks, AntiAliasedSnake
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.blocks.wavenet import WaveNet
from hierbatch.models.hierspeechpp.synthesizer.config import SynthesizerConfig

_ANALYSIS_KERNEL = 7
_F0_KERNEL = 9


def sample_latent(mean: Tensor, log_scale: Tensor, noise: Tensor, mask: Tensor, noise_scale: float = 1.0) -> Tensor:
    """Sample a latent by reparameterization.

    Args:
        mean: mean of the distribution.
        log_scale: log standard deviation of the distribution.
        noise: standard normal noise.
        mask: valid frames.
        noise_scale: scale factor for the noise; 0 gives the mean.

    Shape: mean, log_scale, noise, returns [B, C, T]; mask [B, 1, T].
    """
    return (mean + noise * log_scale.exp() * noise_scale) * mask


class SourceFilterEncoder(nn.Module):
    """Encoder of content and pitch: semantic vectors and pitch are first encoded separately, then jointly.

    Shape:
        semantic  [B, 1024, T]
        log_f0    [B, 1, 4 T]  zero past a row's end
        mask      [B, 1, T]
        style     [B, S]
        returns   mean and log scale, each [B, C, T]
    """

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        channels, n_layers = config.channels, config.n_layers
        self.semantic_input = nn.Conv1d(config.semantic_channels, channels, 1)
        self.pitch_input = nn.Conv1d(1, channels, _F0_KERNEL, stride=config.f0_per_frame, padding=_F0_KERNEL // 2)
        self.semantic, self.pitch, self.both = (
            WaveNet(channels, config.kernel, n_layers, config.style_channels) for _ in range(3)
        )
        self.output_projection = nn.Conv1d(channels, 2 * channels, 1)

    def forward(self, semantic: Tensor, log_f0: Tensor, mask: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        linguistic = self.semantic(self.semantic_input(semantic) * mask, mask, style)
        pitch = self.pitch(self.pitch_input(log_f0) * mask, mask, style)
        mean, log_scale = (self.output_projection(self.both(linguistic + pitch, mask, style)) * mask).chunk(2, dim=1)
        return mean, log_scale


class AcousticEncoder(nn.Module):
    """Posterior encoder of the linear spectrogram and waveform of a recording; for training only.

    Shape:
        spectrogram  [B, 641, T]
        sound        [B, 1, 320 T]  zero past a row's end
        lengths      [B]  frames
        style        [B, S]
        returns      mean and log scale, each [B, C, T]
    """

    def __init__(self, config: SynthesizerConfig) -> None:
        super().__init__()
        channels = config.channels
        self.spectrogram_input = nn.Conv1d(config.n_bins, channels, 1)
        self.spectrogram = WaveNet(channels, config.kernel, 2 * config.n_layers, config.style_channels)
        self.waveform_input = nn.Conv1d(1, config.analysis_channels, _ANALYSIS_KERNEL, padding=_ANALYSIS_KERNEL // 2)
        widths = [config.analysis_channels * 2**stage for stage in range(len(config.analysis_rates))] + [channels]
        self.stages = nn.ModuleList(
            _Downsample(width, narrower, rate, kernel, config)
            for width, narrower, rate, kernel in zip(
                widths[:-1], widths[1:], config.analysis_rates, config.analysis_kernels, strict=True
            )
        )
        self.last_snake = AntiAliasedSnake(channels)
        self.leave_sound = nn.Conv1d(channels, channels, _ANALYSIS_KERNEL, padding=_ANALYSIS_KERNEL // 2)
        self.output_projection = nn.Conv1d(2 * channels, 2 * channels, 1)
        self._hop_samples, self._rates = config.hop_samples, config.analysis_rates

    def forward(
        self, spectrogram: Tensor, sound: Tensor, lengths: Tensor, style: Tensor, *, legacy_padding: bool = False
    ) -> tuple[Tensor, Tensor]:
        mask = frame_mask(lengths, spectrogram.shape[-1])
        spectral = self.spectrogram(self.spectrogram_input(spectrogram) * mask, mask, style)
        ends = torch.full_like(lengths, spectrogram.shape[-1]) if legacy_padding else lengths
        temporal = self._encode_waveform(sound, ends) * mask
        mean, log_scale = (self.output_projection(torch.cat([spectral, temporal], dim=1)) * mask).chunk(2, dim=1)
        return mean, log_scale

    def _encode_waveform(self, sound: Tensor, ends: Tensor) -> Tensor:
        n_samples = ends * self._hop_samples
        x = self.waveform_input(sound) * frame_mask(n_samples, sound.shape[-1])
        for stage, rate in zip(self.stages, self._rates, strict=True):
            n_samples = torch.div(n_samples, rate, rounding_mode="floor")
            x = stage(x, n_samples)
        encoded: Tensor = self.leave_sound(self.last_snake(x, ends) * frame_mask(ends, x.shape[-1]))
        return encoded


class _Downsample(nn.Module):
    """Strided convolution to a lower rate, then the mean of anti-aliased blocks."""

    def __init__(self, channels: int, new_channels: int, rate: int, kernel: int, config: SynthesizerConfig) -> None:
        super().__init__()
        self.downsample = nn.Conv1d(channels, new_channels, kernel, stride=rate, padding=(kernel - 1) // 2)
        self.blocks = AntiAliasedBlocks(new_channels, config.block_kernels, config.dilations)

    def forward(self, x: Tensor, n_samples: Tensor) -> Tensor:
        x = self.downsample(x)
        result: Tensor = self.blocks(x * frame_mask(n_samples, x.shape[-1]), n_samples)
        return result
