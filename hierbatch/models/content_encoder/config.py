"""Sizes of the content encoder; those it starts with are those of facebook/mms-300m (Pratap et al. 2023)."""

from __future__ import annotations

from dataclasses import dataclass

LICENSE = "CC-BY-NC-4.0"
"""Of the published weights, though the rest of the system is MIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentEncoderConfig:
    """One wav2vec 2.0 encoder, as far as it is used."""

    n_layers: int = 7
    """Of the 24 published ones; the semantic vectors are what the seventh gives."""
    channels: int = 1024
    wide_channels: int = 4096
    n_heads: int = 16
    convolution_channels: int = 512
    position_kernel: int = 128
    position_groups: int = 16
