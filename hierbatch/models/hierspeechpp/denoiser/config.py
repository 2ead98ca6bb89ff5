"""Configuration of the denoiser; the defaults are those of the published network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserConfig:
    """Hyperparameters of MP-SENet."""

    channels: int = 64
    """Channels of the hidden feature maps."""
    n_dense_layers: int = 4
    """Number of layers in a dense block; the dilation in time doubles from layer to layer."""
    n_blocks: int = 4
    """Number of two-stage conformers."""
    n_heads: int = 4
    conformer_kernel: int = 31
    """Kernel size of a conformer's convolution."""
    n_fft: int = 400
    """Window and FFT size, in samples."""
    hop_samples: int = 100
    """Hop size, in samples."""
    compression: float = 0.3
    """Exponent of the magnitude compression."""
    highest_gain: float = 2.0
    """Largest gain for a compressed magnitude."""

    @property
    def n_bins(self) -> int:
        """Number of frequency bins."""
        return self.n_fft // 2 + 1
