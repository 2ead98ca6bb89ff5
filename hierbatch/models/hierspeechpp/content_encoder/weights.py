"""Weight names of wav2vec 2.0 checkpoints in the `transformers` format, and loading of such checkpoints."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from hierbatch.errors import BundleError
from hierbatch.models.hierspeechpp.content_encoder.config import ContentEncoderConfig
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.weights.checkpoint import Checkpoint, NameTable, Rename, Unused, load_weights, read_checkpoint

_FILES = ("model.safetensors", "pytorch_model.bin")
_PREFIX = r"(?:wav2vec2\.)?"
# Names of gain and direction in newer torch releases.
_GAIN_AND_DIRECTION = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}


def name_table(config: ContentEncoderConfig) -> NameTable:
    """Name table of a complete wav2vec 2.0 checkpoint.

    Layers above the last layer used and modules for pre-training are marked as unused.
    """
    used = "|".join(str(layer) for layer in range(config.n_layers))
    return (
        Unused(_PREFIX + r"masked_spec_embed"),
        Unused(_PREFIX + r"encoder\.layer_norm\.(weight|bias)"),
        Unused(r"(quantizer|project_hid|project_q|lm_head)\..+"),
        Rename(_PREFIX + rf"encoder\.layers\.({used})\.(.+)", r"network.encoder.layers.\1.\2"),
        Unused(_PREFIX + r"encoder\.layers\.\d+\..+"),
        Rename(_PREFIX + r"(feature_extractor\.conv_layers\.\d+\..+)", r"network.\1"),
        Rename(_PREFIX + r"(feature_projection\.(?:layer_norm|projection)\..+)", r"network.\1"),
        Rename(_PREFIX + r"(encoder\.pos_conv_embed\.conv\..+)", r"network.\1"),
    )


def content_encoder_from(checkpoint: Checkpoint, config: ContentEncoderConfig) -> ContentEncoder:
    """Create the encoder with the weights of a complete checkpoint, in evaluation mode.

    Raises:
        BundleError: the weights do not fit the encoder.
    """
    weights = {_normalize_name(name): value for name, value in checkpoint.weights.items()}
    model = ContentEncoder(config)
    load_weights(model, replace(checkpoint, weights=weights), name_table(config))
    return model.eval()


def load_content_encoder(path: Path, config: ContentEncoderConfig) -> ContentEncoder:
    """Load the encoder from a checkpoint file, or from a folder in the `transformers` format, e.g. a local mms-300m.

    Raises:
        BundleError: there is no checkpoint, it cannot be opened, or its weights do not fit the encoder.
    """
    if path.is_dir():
        found = next((path / name for name in _FILES if (path / name).is_file()), None)
        if found is None:
            raise BundleError("There is no content encoder in the folder", expected=" or ".join(_FILES), got=str(path))
        path = found
    return content_encoder_from(read_checkpoint(path), config)


def _normalize_name(name: str) -> str:
    for newer, older in _GAIN_AND_DIRECTION.items():
        name = re.sub(rf"{re.escape(newer)}$", older, name)
    return name
