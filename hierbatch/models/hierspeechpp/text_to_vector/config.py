"""Configuration of TTV; the defaults are those of the published network."""

from __future__ import annotations

from dataclasses import dataclass

from hierbatch.models.prosody.config import ProsodyConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToVectorConfig:
    """Hyperparameters of TTV."""

    n_symbols: int = 178
    n_mels: int = 80
    """Bands of the log-mel, the style encoder's input."""
    style_channels: int = 256
    n_languages: int = 0
    """Number of languages whose embeddings are added to the text encoder's style; 0 for a network of one language."""
    channels: int = 256
    """Channels of the text encoder and of the latent."""
    wide_channels: int = 1024
    """Channels inside the text encoder's feed-forward layers."""
    text_heads: int = 4
    text_layers: int = 3
    """Number of layers in each of the two transformers of the text encoder."""
    text_kernel: int = 9
    flow_heads: int = 4
    semantic_channels: int = 1024
    """Channels of the semantic vectors, which are the output of layer 7 of MMS-300M."""
    posterior_layers: int = 16
    decoder_channels: int = 512
    decoder_layers: int = 8
    wavenet_kernel: int = 5
    pitch_channels: int = 256
    """Channels of the pitch predictor at 50 frames/s, halved with each doubling of the rate."""
    pitch_kernels: tuple[int, ...] = (3, 5, 7)
    pitch_dilations: tuple[int, ...] = (1, 3, 5)
    prosody_width: int = 0
    """Channels of the prosody network, which samples F0 contours and durations of words; 0 (as published) for none."""
    text_dropout: float = 0.2
    duration_dropout: float = 0.5
    dropout: float = 0.1
    """Dropout of the style encoder and the flow in training."""

    @property
    def prosody(self) -> ProsodyConfig:
        """Configuration of the prosody network."""
        return ProsodyConfig(
            text_channels=self.channels,
            style_channels=self.style_channels,
            width=self.prosody_width,
            utterance_channels=32,
            word_channels=16,
            context_blocks=3,
            latent_blocks=4,
        )
