"""Configuration of the prosody network."""

from __future__ import annotations

from dataclasses import dataclass

from hierbatch.models.prosody.contours import N_COEFFICIENTS

N_VALUES = N_COEFFICIENTS + 1
"""Number of values of a word: the coefficients of its F0 contour, and one value for its duration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProsodyConfig:
    """Architecture hyperparameters of the prosody network; the defaults are those of Lite."""

    text_channels: int = 256
    """Channels of the encoded text."""
    style_channels: int = 128
    """Channels of a style vector."""
    width: int = 96
    """Channels inside the network."""
    utterance_channels: int = 16
    """Channels of the latent of an utterance."""
    word_channels: int = 8
    """Channels of the latent of a word."""
    context_blocks: int = 2
    """Blocks of the word encoder."""
    latent_blocks: int = 2
    """Blocks of the posterior networks, and of the prior network of the word latents."""
    n_couplings: int = 4
    """Coupling layers of the flow."""
    kernel: int = 5
    """Kernel size of the convolutions, in words."""
