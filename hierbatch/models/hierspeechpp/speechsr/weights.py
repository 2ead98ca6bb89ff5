"""Weight names of published SpeechSR checkpoints, and loading of such checkpoints."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.hierspeechpp.blocks.anti_aliased import block_names, snake_names
from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.weights.checkpoint import (
    Checkpoint,
    NameTable,
    Rename,
    load_weights,
    read_checkpoint,
    with_prefix,
)

NORMALIZED_LAYERS = ("input_projection", r"blocks\.\d+\.(?:dilated|plain)\.\d+")
"""Patterns of the layers that are trained with weight norm."""


def name_table() -> NameTable:
    """Name table of SpeechSR, in the order of its layers."""
    return (
        Rename(r"dec\.conv_pre\.(.+)", r"input_projection.\1"),
        *with_prefix(r"dec\.resblocks\.(\d+)", r"blocks.\1", block_names()),
        *with_prefix(r"dec\.activation_post", "last_snake", snake_names()),
        Rename(r"dec\.conv_post\.(.+)", r"output_projection.\1"),
    )


def speechsr_from(checkpoint: Checkpoint, config: SpeechSRConfig) -> SpeechSR:
    """Create SpeechSR with the weights of a checkpoint, in evaluation mode.

    Raises:
        BundleError: the weights do not fit SpeechSR.
    """
    model = SpeechSR(config)
    load_weights(model, checkpoint, name_table())
    return model.eval()


def load_speechsr(path: Path, config: SpeechSRConfig) -> SpeechSR:
    """Load SpeechSR from a checkpoint file, in evaluation mode.

    Raises:
        BundleError: the file cannot be opened, or its weights do not fit SpeechSR.
    """
    return speechsr_from(read_checkpoint(path), config)
