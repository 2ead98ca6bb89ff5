"""Configuration of HierSpeech2-Lite; the defaults are those of the packaged model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from hierbatch.errors import BundleError
from hierbatch.models.prosody.config import ProsodyConfig

MAX_SIZE = 4096
"""Largest hyperparameter of a bundle: larger ones would exhaust the memory before their weights are compared."""
_MAX_WEIGHTS = 400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteConfig:
    """Architecture hyperparameters of the Lite networks."""

    n_symbols: int = 88
    """Rows of the phoneme embedding, including reserved symbols."""
    n_languages: int = 2
    """Rows of the language embedding."""
    semantic_channels: int = 64
    """Channels of a semantic vector (50 frames/s)."""
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
    """Channels of the frame decoder, which predicts semantic vectors and F0."""
    prosody_blocks: int = 6
    """Blocks of the frame decoder."""
    acoustic_width: int = 256
    """Channels of the acoustic model (semantic vectors, F0 and style to log-mel)."""
    acoustic_blocks: int = 6
    """Blocks of the acoustic model."""
    timbre_heads: int = 4
    """Heads of the attention to the prompt's frames."""
    generator_width: int = 192
    """Channels of the vocoder."""
    generator_blocks: int = 8
    """Blocks of the vocoder."""
    content_width: int = 256
    """Channels of the content encoder."""
    content_blocks: int = 12
    """Blocks of the content encoder."""
    kernel: int = 7
    """Kernel size of the depthwise convolutions, in frames."""
    word_width: int = 96
    """Channels of the prosody network, which samples F0 contours and durations of words."""

    @property
    def prosody(self) -> ProsodyConfig:
        """Configuration of the prosody network."""
        return ProsodyConfig(text_channels=self.text_width, style_channels=self.style_channels, width=self.word_width)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LiteConfig:
        """Create the configuration from the `config` of a bundle.json; unknown keys are an error.

        Raises:
            BundleError: a key is unknown to this version, or a value makes no network of a usable size.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise BundleError(
                "The model's configuration has unknown keys",
                expected=", ".join(sorted(known)),
                got=", ".join(unknown),
                fix="update hierbatch to the version the model was made with, or newer",
            )
        wrong = [name for name, value in values.items() if type(value) is not int or not 1 <= value <= MAX_SIZE]
        config = cls() if wrong else cls(**values)
        if wrong or config._n_weights > _MAX_WEIGHTS:
            raise BundleError(
                "The model's configuration has values that make no usable network",
                expected=f"integers from 1 to {MAX_SIZE}, and at most {_MAX_WEIGHTS:,} weights",
                got=", ".join(f"{name} {str(values[name])[:20]}" for name in wrong) or f"{config._n_weights:,} weights",
                fix="restore bundle.json",
            )
        return config

    @property
    def _n_weights(self) -> int:
        """Approximate number of weights: those of the ConvNeXt blocks, which widen their input four times."""
        networks = (
            (self.text_width, self.text_blocks), (self.style_channels + self.text_width, self.duration_blocks),
            (self.prosody_width, self.prosody_blocks), (self.acoustic_width, self.acoustic_blocks),
            (self.generator_width, self.generator_blocks), (self.content_width, self.content_blocks),
            (self.style_width, 4), (self.word_width, 8),
        )  # fmt: skip
        return sum(blocks * 8 * width**2 for width, blocks in networks)

    def to_dict(self) -> dict[str, Any]:
        """Values for the `config` of a bundle.json."""
        return asdict(self)
