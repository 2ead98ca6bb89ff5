"""Sizes of the denoiser; the defaults are the published network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserConfig:
    """One MP-SENet network."""

    channels: int = 64
    """Channels of every map between the edges."""
    n_dense_layers: int = 4
    """Layers of a dense block; each reaches twice as far in time as the one before."""
    n_blocks: int = 4
    """Two-stage conformers."""
    n_heads: int = 4
    conformer_kernel: int = 31
    """Taps of a conformer's convolution."""
    n_fft: int = 400
    """Samples of a spectrum's window."""
    hop_samples: int = 100
    """Samples from one spectrum to the next."""
    compression: float = 0.3
    """Exponent that magnitudes are compressed by."""
    highest_gain: float = 2.0
    """Largest factor on a compressed magnitude."""

    @property
    def n_bins(self) -> int:
        """Frequencies of a spectrum."""
        return self.n_fft // 2 + 1
