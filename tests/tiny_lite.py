"""Lite networks that are small enough for tests."""

from __future__ import annotations

from hierbatch.models.lite.config import LiteConfig


def tiny_config() -> LiteConfig:
    """Configuration with some ten thousand parameters, for tests."""
    return LiteConfig(
        semantic_channels=8,
        style_channels=16,
        style_width=16,
        text_width=16,
        text_blocks=1,
        duration_blocks=1,
        prosody_width=16,
        prosody_blocks=1,
        acoustic_width=16,
        acoustic_blocks=1,
        timbre_heads=2,
        generator_width=16,
        generator_blocks=1,
        content_width=16,
        content_blocks=1,
        word_width=8,
    )
