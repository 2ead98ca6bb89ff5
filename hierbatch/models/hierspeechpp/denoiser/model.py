"""MP-SENet: speech enhancement of magnitude and phase (Lu, Ai and Ling 2023).

One sound is processed at a time, since the published attention mixes the rows of a batch.
Legend: T frames (160/s), F frequencies, C channels, L samples at 16 kHz.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.denoiser.config import DenoiserConfig
from hierbatch.models.hierspeechpp.denoiser.conformer import TwoStageConformer

_STRIDE = (1, 2)
_CHUNK_FRAMES = 64
"""Number of frames that a dense layer processes at a time."""


class ConvolutionNorm(nn.Module):
    """Convolution, instance norm over the whole feature map, and PReLU. Shape: [1, C, T, F] -> [1, C', T', F']."""

    def __init__(self, convolution: nn.Module, channels: int) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = nn.InstanceNorm2d(channels, affine=True)
        self.activation = nn.PReLU(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.activation(self.norm(self.convolution(x)))
        return y


class TimeConvolution(nn.Conv2d):
    """Convolution over a padded feature map, in chunks of frames.

    The result equals that of a single call, but torch's working copy has the size of one chunk.

    Shape:
        x        [1, C, T + 2 * dilation, F]
        returns  [1, C', T, F]
    """

    def __init__(self, in_channels: int, channels: int, dilation: int) -> None:
        super().__init__(in_channels, channels, 3, dilation=(dilation, 1), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        margin = 2 * int(self.dilation[0])
        n_frames = x.shape[2] - margin
        y = x.new_empty(1, self.out_channels, n_frames, x.shape[3])
        for start in range(0, n_frames, _CHUNK_FRAMES):
            end = min(n_frames, start + _CHUNK_FRAMES)
            y[:, :, start:end] = super().forward(x[:, :, start : end + margin])
        return y


class DenseBlock(nn.Module):
    """Dense block: each layer reads the outputs of all earlier layers, latest first, and the input of the block.

    The dilation in time doubles from layer to layer.

    Shape:
        x, returns  [1, C, T, F]
    """

    def __init__(self, channels: int, n_layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            ConvolutionNorm(TimeConvolution(channels * (i + 1), channels, 2**i), channels) for i in range(n_layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        _, channels, n_frames, n_bins = x.shape
        margin = 2 ** (len(self.layers) - 1)
        # Filled from its end, so that a layer's input is always a contiguous slice and nothing is concatenated.
        stacked = x.new_zeros(1, channels * len(self.layers), margin + n_frames + margin, n_bins)
        for i, layer in enumerate(self.layers):
            start, unused = channels * (len(self.layers) - 1 - i), margin - 2**i
            stacked[:, start : start + channels, margin : margin + n_frames] = x
            x = layer(stacked[:, start:, unused : margin + n_frames + margin - unused])
        return x


class Denoiser(nn.Module):
    """MP-SENet, which maps the compressed magnitude and phase of a noisy sound to those of the clean sound."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.input_projection = ConvolutionNorm(nn.Conv2d(2, channels, 1), channels)
        self.encoder = DenseBlock(channels, config.n_dense_layers)
        self.narrow = ConvolutionNorm(nn.Conv2d(channels, channels, (1, 3), _STRIDE), channels)
        self.blocks = nn.ModuleList(
            TwoStageConformer(channels, config.n_heads, config.conformer_kernel) for _ in range(config.n_blocks)
        )
        self.mask_decoder = DenseBlock(channels, config.n_dense_layers)
        self.mask_widen = nn.ConvTranspose2d(channels, channels, (1, 3), _STRIDE)
        self.mask_narrow = ConvolutionNorm(nn.Conv2d(channels, 1, 1), 1)
        self.mask_output = nn.Conv2d(1, 1, 1)
        self.slope = nn.Parameter(torch.ones(config.n_bins, 1))
        self.phase_decoder = DenseBlock(channels, config.n_dense_layers)
        self.phase_widen = ConvolutionNorm(nn.ConvTranspose2d(channels, channels, (1, 3), _STRIDE), channels)
        self.phase_real = nn.Conv2d(channels, 1, 1)
        self.phase_imaginary = nn.Conv2d(channels, 1, 1)

    def forward(self, magnitude: Tensor, phase: Tensor) -> tuple[Tensor, Tensor]:
        """Enhance the compressed magnitude of one sound and its phase in radians.

        Shape:
            magnitude, phase  [F, T]
            returns           clean magnitude and phase, each [F, T]
        """
        noisy = magnitude.T[None, None]
        x = self.narrow(self.encoder(self.input_projection(torch.cat([noisy, phase.T[None, None]], dim=1))))
        x = x[0].permute(1, 2, 0).contiguous()  # [T, F, C]
        for block in self.blocks:
            x = block(x)
        x = x.permute(2, 0, 1)[None].contiguous()  # [1, C, T, F]
        mask = self.mask_output(self.mask_narrow(self.mask_widen(self.mask_decoder(x))))
        mask = self.config.highest_gain * torch.sigmoid(self.slope[:, 0] * mask)
        components = self.phase_widen(self.phase_decoder(x))
        clean_phase = torch.atan2(self.phase_imaginary(components), self.phase_real(components))
        return (mask * noisy)[0, 0].T, clean_phase[0, 0].T


def short_time_spectrum(sound: Tensor, config: DenoiserConfig) -> Tensor:
    """Short-time Fourier transform with reflected ends. Shape: [L] -> [F, T]."""
    window = torch.hann_window(config.n_fft, device=sound.device)
    return torch.stft(sound, config.n_fft, config.hop_samples, window=window, return_complex=True)


def reconstruct_waveform(magnitude: Tensor, phase: Tensor, config: DenoiserConfig) -> Tensor:
    """Inverse transform of a compressed magnitude and a phase. Shape: magnitude, phase [F, T] -> [L]."""
    spectrum = torch.polar(magnitude ** (1 / config.compression), phase)
    window = torch.hann_window(config.n_fft, device=magnitude.device)
    return torch.istft(spectrum, config.n_fft, config.hop_samples, window=window)
