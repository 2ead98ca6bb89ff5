"""Discriminators of the synthesizer: spectrograms at several resolutions, and periods.

Défossez et al. 2022 (EnCodec), section 3.4; Kong et al. 2020 (HiFi-GAN), section 2.3.

Legend: B batch, L samples, C channels, N scores, P period.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig

_SLOPE = 0.1
_MIN_MAGNITUDE, _LOG_CENTRE, _LOG_SPREAD = 3e-3, -3.0, 2.0


@dataclass(frozen=True, slots=True)
class DiscriminatorOutput:
    """Output of one discriminator for a batch.

    Shape:
        scores    [B, N]  trained to be 1 for real audio and 0 for generated audio
        features  each [B, C, ...], the output of each convolution
    """

    scores: Tensor
    features: tuple[Tensor, ...]


class Discriminators(nn.Module):
    """All discriminators of a set.

    Shape:
        sound  [B, 1, L]  L at least the longest spectrogram window
    """

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.by_spectrogram = nn.ModuleList(
            SpectrogramDiscriminator(n_fft, config.spectrogram_channels, config.log_magnitudes)
            for n_fft in config.ffts_samples
        )
        self.by_period = nn.ModuleList(
            PeriodDiscriminator(period, config.period_channels) for period in config.periods_samples
        )

    def forward(self, sound: Tensor) -> list[DiscriminatorOutput]:
        """Run all discriminators, spectrogram discriminators first."""
        return [discriminator(sound) for discriminator in (*self.by_spectrogram, *self.by_period)]


class SpectrogramDiscriminator(nn.Module):
    """Discriminator that convolves a spectrogram over time and frequency. Shape: [B, 1, L] -> `DiscriminatorOutput`."""

    window: Tensor

    def __init__(self, n_fft: int, channels: int, log_magnitudes: bool = False) -> None:
        super().__init__()
        self.n_fft, self.log_magnitudes = n_fft, log_magnitudes
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        wide = [
            nn.Conv2d(channels, channels, (3, 9), (1, 2), dilation=(dilation, 1), padding=(dilation, 4))
            for dilation in (1, 2, 4)
        ]
        input_convolution = nn.Conv2d(1 if log_magnitudes else 2, channels, (3, 9), padding=(1, 4))
        self.convolutions = nn.ModuleList([input_convolution, *wide, nn.Conv2d(channels, channels, 3, padding=1)])
        self.output_projection = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, sound: Tensor) -> DiscriminatorOutput:
        spectrogram = torch.stft(
            sound[:, 0], self.n_fft, self.n_fft // 4, window=self.window, center=False, return_complex=True
        )
        scaled = spectrogram / self.window.square().sum().sqrt()
        if self.log_magnitudes:
            features = ((torch.log(scaled.abs() + _MIN_MAGNITUDE) - _LOG_CENTRE) / _LOG_SPREAD)[..., None]
        else:
            features = torch.view_as_real(scaled)
        return _run_layers(features.permute(0, 3, 2, 1), self.convolutions, self.output_projection)  # [B, 1 or 2, T, F]


class PeriodDiscriminator(nn.Module):
    """Discriminator that convolves every P-th sample, for all P phases. Shape: [B, 1, L] -> `DiscriminatorOutput`."""

    def __init__(self, period: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.period = period
        strides = [3] * (len(channels) - 1) + [1]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, (5, 1), (stride, 1), padding=(2, 0))
            for before, after, stride in zip((1, *channels[:-1]), channels, strides, strict=True)
        )
        self.output_projection = nn.Conv2d(channels[-1], 1, (3, 1), padding=(1, 0))

    def forward(self, sound: Tensor) -> DiscriminatorOutput:
        padded = F.pad(sound, (0, -sound.shape[-1] % self.period), mode="reflect")
        return _run_layers(padded.unflatten(-1, (-1, self.period)), self.convolutions, self.output_projection)


def _run_layers(x: Tensor, convolutions: nn.ModuleList, output_projection: nn.Module) -> DiscriminatorOutput:
    features = []
    for convolution in convolutions:
        x = F.leaky_relu(convolution(x), _SLOPE)
        features.append(x)
    x = output_projection(x)
    return DiscriminatorOutput(x.flatten(1), (*features, x))
