"""Sizes of HierSpeech2-Lite. Defaults are the model that ships inside the package."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from hierbatch.errors import BundleError


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteConfig:
    """Sizes shared by the four networks of the chain and the content encoder."""

    n_symbols: int = 88
    """Rows of the phoneme table, reserved ones included."""
    n_languages: int = 2
    """Languages with an embedding."""
    semantic_channels: int = 64
    """Channels of a semantic vector, 50 a second."""
    style_channels: int = 128
    """Channels of a style vector."""
    style_width: int = 160
    """Channels inside the style encoders."""
    text_width: int = 256
    """Channels of the phoneme encoder."""
    text_blocks: int = 4
    """Blocks of the phoneme encoder."""
    duration_blocks: int = 2
    """Blocks of the duration predictor."""
    prosody_width: int = 256
    """Channels of the frame decoder that gives semantic vectors and F0."""
    prosody_blocks: int = 6
    """Blocks of the frame decoder."""
    acoustic_width: int = 256
    """Channels of the acoustic stage (semantic vectors, F0 and style to log-mel)."""
    acoustic_blocks: int = 6
    """Blocks of the acoustic stage."""
    timbre_heads: int = 4
    """Attention heads that read the prompt's timbre."""
    generator_width: int = 192
    """Channels of the waveform stage."""
    generator_blocks: int = 8
    """Blocks of the waveform stage."""
    content_width: int = 256
    """Channels of the content encoder."""
    content_blocks: int = 12
    """Blocks of the content encoder."""
    kernel: int = 7
    """Frames a depthwise convolution sees."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LiteConfig:
        """Strict: an unknown key is an error.

        Raises:
            BundleError: a key this version does not know.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise BundleError(
                "The model's configuration holds unknown keys",
                wanted=", ".join(sorted(known)),
                got=", ".join(unknown),
                mend="use a hierbatch as new as the model",
            )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def tiny() -> LiteConfig:
    """A few ten thousand parameters, for tests."""
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
    )
