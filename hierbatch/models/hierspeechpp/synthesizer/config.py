"""Configuration of the hierarchical synthesizer; the defaults are those of the published network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hierbatch.constants import FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerConfig:
    """Hyperparameters of the synthesizer."""

    semantic_channels: int = 1024
    n_bins: int = 641
    """Bins of the linear spectrogram, the acoustic encoder's input."""
    n_mels: int = 80
    """Bands of the log-mel, the style encoder's input."""
    n_prosody_mels: int = 20
    """Number of lowest mel bands that the prosody decoder predicts."""
    style_channels: int = 256
    channels: int = 192
    """Channels of both latents."""
    wide_channels: int = 768
    """Channels of the prosody decoder's feed-forward layers."""
    n_heads: int = 2
    n_layers: int = 8
    """Number of layers in each WaveNet; the WaveNet of the linear spectrogram has twice as many."""
    kernel: int = 5
    f0_per_frame: int = 4
    source_channels: int = 256
    source_rates: tuple[int, ...] = (2, 2)
    source_kernels: tuple[int, ...] = (4, 4)
    source_block_kernels: tuple[int, ...] = (3, 5, 7)
    waveform_channels: int = 512
    waveform_rates: tuple[int, ...] = (4, 5, 4, 2, 2)
    waveform_kernels: tuple[int, ...] = (8, 11, 8, 4, 4)
    analysis_channels: int = 16
    """Channels of the acoustic encoder's first waveform convolution; stages double the number, up to `channels`."""
    analysis_rates: tuple[int, ...] = (8, 5, 4, 2)
    analysis_kernels: tuple[int, ...] = (17, 10, 8, 4)
    block_kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)
    dropout: float = 0.1
    """Dropout of the style encoder, the flows and the prosody decoder in training."""

    @property
    def hop_samples(self) -> int:
        """Samples per frame."""
        return math.prod(self.waveform_rates)

    @property
    def rate_hz(self) -> int:
        """Output rate in Hz, which follows from the hop size at 50 frames/s."""
        return self.hop_samples * FRAMES_PER_SECOND

    @property
    def excitation_channels(self) -> int:
        """Channels of the excitation, from the source generator to the waveform generator."""
        result: int = self.source_channels // 2 ** len(self.source_rates)
        return result
