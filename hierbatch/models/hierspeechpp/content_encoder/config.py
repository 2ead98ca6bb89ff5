"""Configuration of the content encoder; the defaults are those of facebook/mms-300m (Pratap et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass

LICENSE = "CC-BY-NC-4.0"
"""License of the published weights; the rest of HierSpeech++ is MIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentEncoderConfig:
    """Hyperparameters of the wav2vec 2.0 encoder, up to the last layer that is used."""

    n_layers: int = 7
    """Number of transformer layers used, of 24 in the published network; the last one returns the semantic vectors."""
    channels: int = 1024
    wide_channels: int = 4096
    n_heads: int = 16
    convolution_channels: int = 512
    position_kernel: int = 128
    position_groups: int = 16
