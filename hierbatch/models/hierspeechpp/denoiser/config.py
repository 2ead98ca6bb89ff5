"""Configuration of the denoiser; the defaults are those of the published network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserConfig:
    """Sizes of one MP-SENet network."""

    channels: int = 64
    """Channels of the hidden feature maps."""
    n_dense_layers: int = 4
    """Layers of a dense block, with the dilation in time doubled from layer to layer."""
    n_blocks: int = 4
    """Number of two-stage conformers."""
    n_heads: int = 4
    conformer_kernel: int = 31
    """Kernel size of a conformer's convolution."""
    n_fft: int = 400
    """Window and FFT size."""
    hop_samples: int = 100
    """Hop size."""
    compression: float = 0.3
    """Exponent of the magnitude compression."""
    highest_gain: float = 2.0
    """Largest factor on a compressed magnitude."""

    @property
    def n_bins(self) -> int:
        """Number of frequency bins."""
        return self.n_fft // 2 + 1
