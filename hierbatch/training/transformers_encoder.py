"""Loading of speech encoders from local folders in the format of the transformers library."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.errors import InputError
from hierbatch.json_object import parse_json_object

_UNKNOWN_LICENSE = "unknown (see the model's page)"
_LICENSE = re.compile(r"^license:\s*(\S+)", re.MULTILINE)


def load_encoder(folder: Path, layer: int) -> tuple[Any, bool, str]:
    """Load an encoder up to a layer. Nothing is downloaded.

    Args:
        folder: folder with config.json and the weights.
        layer: layer whose hidden states are used, counted from 1.

    Returns:
        The network, True if its input must be normalized to unit variance, and the license of its weights.

    Raises:
        InputError: the folder has no encoder of waveforms with a hop of 320 samples, or the encoder has no such layer.
    """
    from transformers import AutoConfig, AutoModel

    expected = "a wav2vec 2.0, HuBERT, WavLM or similar model at 50 frames per second"
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        hop_samples = math.prod(getattr(config, "conv_stride", ()))
        if hop_samples != FRAME_HOP_SAMPLES:
            raise InputError(
                f"{folder} is not a usable speech encoder",
                expected=expected,
                got=f"{config.model_type} with a hop of {hop_samples} samples",
                fix="choose another encoder",
            )
        if not 1 <= layer <= config.num_hidden_layers:
            raise InputError(
                "The encoder has no such layer",
                expected=f"1 to {config.num_hidden_layers}",
                got=str(layer),
                fix="correct --layer",
            )
        # One more than needed: some encoders normalize the output of their last layer.
        config.num_hidden_layers = min(layer + 1, config.num_hidden_layers)
        network = AutoModel.from_pretrained(folder, config=config, local_files_only=True).eval()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            f"The encoder in {folder} cannot be loaded",
            expected=expected,
            got=str(error).splitlines()[0],
            fix="check the folder: it needs config.json and the weights",
        ) from error
    return network.requires_grad_(False), _normalizes(folder), _license(folder)


def _normalizes(folder: Path) -> bool:
    try:
        settings = parse_json_object((folder / "preprocessor_config.json").read_bytes())
    except (OSError, ValueError):
        return False
    return bool(settings.get("do_normalize", False))


def _license(folder: Path) -> str:
    """License in the header of the model's README, or a text that states that the license is unknown."""
    try:
        found = _LICENSE.search((folder / "README.md").read_text(encoding="utf-8")[:4000])
    except (OSError, UnicodeDecodeError):
        return _UNKNOWN_LICENSE
    return found[1] if found else _UNKNOWN_LICENSE
