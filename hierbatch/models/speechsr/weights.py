"""The published names of SpeechSR's weights, and ours."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.blocks.anti_aliased import block_names, snake_names
from hierbatch.models.checkpoint import Checkpoint, NameTable, Rename, load_weights, read_checkpoint, under
from hierbatch.models.speechsr.config import SpeechSRConfig
from hierbatch.models.speechsr.model import SpeechSR


def name_table() -> NameTable:
    """Every published name, in the order of the network."""
    return (
        Rename(r"dec\.conv_pre\.(.+)", r"enter.\1"),
        *under(r"dec\.resblocks\.(\d+)", r"blocks.\1", block_names()),
        *under(r"dec\.activation_post", "last_snake", snake_names()),
        Rename(r"dec\.conv_post\.(.+)", r"leave.\1"),
    )


def speechsr_from(checkpoint: Checkpoint, config: SpeechSRConfig) -> SpeechSR:
    """The network with published weights, ready to run.

    Raises:
        BundleError: the weights are not SpeechSR's.
    """
    model = SpeechSR(config)
    load_weights(model, checkpoint, name_table())
    return model.eval()


def load_speechsr(path: Path, config: SpeechSRConfig) -> SpeechSR:
    """The network with the weights of a published file, ready to run.

    Raises:
        BundleError: the file cannot be opened or its weights are not SpeechSR's.
    """
    return speechsr_from(read_checkpoint(path), config)
