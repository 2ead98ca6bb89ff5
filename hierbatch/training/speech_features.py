"""Content features of recordings for training, by name: the packaged content encoder, or an encoder in a local folder.

Legend: L samples at 16 kHz, T frames (50/s), C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.audio.waveform import Samples
from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.errors import InputError
from hierbatch.models.weights.bundle import find_bundle

Vectors = npt.NDArray[np.float32]

DEFAULT_FEATURES = "lite"
PUBLISHED_LAYER = 7
"""Layer of mms-300m in the published system, and default layer for other encoders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureInfo:
    """Identity of an extractor of content features, stored with the features to check that they fit a network."""

    name: str
    """A key of `EXTRACTORS`, or `whisper` for the projected features of a Whisper encoder."""
    channels: int
    license: str
    """License of the weights, which also applies to networks trained on the features."""
    layer: int | None = None
    """Transformer layer whose output is used; None for an encoder with one output."""
    source: str = ""
    """Name of the bundle or folder with the weights."""


class SpeechFeatures(Protocol):
    """Protocol for an extractor of content features, one vector every 20 ms."""

    @property
    def info(self) -> FeatureInfo:
        """Identity of the features: name, channels and license."""
        ...

    def __call__(self, samples: Samples) -> Vectors:
        """Extract the features of one whole recording, which must be at the speech level of training.

        Shape:
            samples  [L]  L a multiple of 320
            returns  [L / 320, C]
        """
        ...


class LiteFeatures:
    """Features from the content encoder of a Lite bundle, which ships with hierbatch."""

    def __init__(self, bundle: str) -> None:
        """Load the encoder; raises BundleError if there is no such bundle or its weights do not fit."""
        from hierbatch.models.lite.config import LiteConfig
        from hierbatch.models.lite.networks import LiteNetworks

        found = find_bundle(bundle)
        config = LiteConfig.from_dict(found.config)
        self._encoder = LiteNetworks.from_weights(config, found.load_weights()).content_encoder
        self._mel = LogMel()
        self.info = FeatureInfo(
            name="lite", channels=config.semantic_channels, license=found.license, source=found.name
        )

    @torch.inference_mode()
    def __call__(self, samples: Samples) -> Vectors:
        mel = self._mel(torch.from_numpy(samples)[None])
        mask = torch.ones(1, len(samples) // FRAME_HOP_SAMPLES, 1, dtype=torch.bool)
        vectors: Vectors = self._encoder(mel, mask)[0].numpy()
        return vectors


class MmsFeatures:
    """Hidden states of facebook/mms-300m, the features of the published system; its license is non-commercial."""

    def __init__(self, folder: Path, layer: int) -> None:
        """Load the encoder from a local folder; raises BundleError if there is no such encoder or it is damaged."""
        from hierbatch.models.hierspeechpp.content_encoder.config import LICENSE, ContentEncoderConfig
        from hierbatch.models.hierspeechpp.content_encoder.weights import load_content_encoder

        config = ContentEncoderConfig(n_layers=layer)
        self._encoder = load_content_encoder(folder, config)
        self.info = FeatureInfo(
            name="mms", channels=config.channels, license=LICENSE, layer=layer, source=folder.resolve().name
        )

    @torch.inference_mode()
    def __call__(self, samples: Samples) -> Vectors:
        vectors: Vectors = self._encoder(torch.from_numpy(samples)[None])[0].T.numpy()  # [C, T] -> [T, C]
        return vectors


class TransformersFeatures:
    """Hidden states of a wav2vec 2.0, HuBERT, WavLM or similar encoder, from a local folder in transformers format."""

    def __init__(self, folder: Path, layer: int) -> None:
        """Load the encoder; raises InputError if the folder has no such encoder or the encoder has no such layer."""
        from hierbatch.training.transformers_encoder import load_encoder

        self._encoder, self._normalizes, encoder_license = load_encoder(folder, layer)
        self.info = FeatureInfo(
            name="encoder",
            channels=int(self._encoder.config.hidden_size),
            license=encoder_license,
            layer=layer,
            source=folder.resolve().name,
        )

    @torch.inference_mode()
    def __call__(self, samples: Samples) -> Vectors:
        sound = torch.from_numpy(samples)
        if self._normalizes:
            sound = (sound - sound.mean()) / (sound.var(correction=0) + 1e-7).sqrt()
        # Reflection on both sides, as for mms-300m, so that 320 T samples give T frames.
        padded = nn.functional.pad(sound[None], (40, 40), mode="reflect")
        hidden = self._encoder(padded, output_hidden_states=True).hidden_states[self.info.layer or 0]
        vectors: Vectors = hidden[0].numpy()
        return vectors


EXTRACTORS: Mapping[str, Callable[[str, int], SpeechFeatures]] = {
    "lite": lambda source, layer: LiteFeatures(source or "lite"),
    "mms": lambda source, layer: MmsFeatures(Path(source), layer),
    "encoder": lambda source, layer: TransformersFeatures(Path(source), layer),
}
"""Functions that load an extractor, by name; the arguments are a bundle or folder, and a layer."""


def load_features(text: str = DEFAULT_FEATURES, layer: int = PUBLISHED_LAYER) -> SpeechFeatures:
    """Load an extractor from its description: `lite`, `lite=BUNDLE`, `mms=FOLDER` or `encoder=FOLDER`.

    Args:
        text: description of the extractor.
        layer: transformer layer whose output is used; ignored for `lite`.

    Raises:
        InputError: the name is unknown, or the folder is missing or holds no such encoder.
        BundleError: the bundle does not exist, or the weights do not fit.
    """
    name, _, source = text.partition("=")
    if name not in EXTRACTORS or (name != DEFAULT_FEATURES and not source):
        raise InputError(
            "The content features are unknown",
            expected="lite, lite=BUNDLE, mms=FOLDER or encoder=FOLDER",
            got=text,
            fix="correct --features",
        )
    if name != DEFAULT_FEATURES and not Path(source).is_dir():
        raise InputError(
            "The folder of the encoder does not exist",
            expected="a folder with the model's files",
            got=source,
            fix="correct --features",
        )
    return EXTRACTORS[name](source, layer)
