"""Sizes of the hierarchical synthesizer; those it starts with are the published ones."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerConfig:
    """One synthesizer."""

    semantic_channels: int = 1024
    n_bins: int = 641
    """Bins of the linear spectrogram that the acoustic encoder hears."""
    n_mels: int = 80
    """Bands of the log-mel that the style encoder hears."""
    n_prosody_mels: int = 20
    """Lowest bands that the prosody head gives."""
    style_channels: int = 256
    channels: int = 192
    """Of both latents."""
    wide_channels: int = 768
    """Of the prosody head's feed-forward layers."""
    n_heads: int = 2
    n_layers: int = 8
    """Of each WaveNet; twice as many for the linear spectrogram."""
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
    """Of the acoustic encoder's first convolution over the sound; doubled three times, then `channels`."""
    analysis_rates: tuple[int, ...] = (8, 5, 4, 2)
    analysis_kernels: tuple[int, ...] = (17, 10, 8, 4)
    block_kernels: tuple[int, ...] = (3, 7, 11)
    dilations: tuple[int, ...] = (1, 3, 5)

    @property
    def hop_samples(self) -> int:
        """Samples of one frame."""
        return math.prod(self.waveform_rates)

    @property
    def excitation_channels(self) -> int:
        """Channels of what the source generator hands to the waveform generator."""
        return self.source_channels // 2 ** len(self.source_rates)
