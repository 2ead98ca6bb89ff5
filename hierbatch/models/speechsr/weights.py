"""The published names of SpeechSR's weights, and ours."""

from __future__ import annotations

from pathlib import Path

from hierbatch.models.blocks.anti_aliased import kaiser_sinc
from hierbatch.models.checkpoint import Checkpoint, Constant, NameTable, Rename, load_weights, read_checkpoint
from hierbatch.models.speechsr.config import SpeechSRConfig
from hierbatch.models.speechsr.model import SpeechSR


def name_table() -> NameTable:
    """Every published name, in the order of the network."""
    return (
        Constant(r"dec\..+\.(upsample|downsample\.lowpass)\.filter", kaiser_sinc()[None, None]),
        Rename(r"dec\.conv_pre\.(.+)", r"enter.\1"),
        Rename(r"dec\.resblocks\.(\d+)\.convs1\.(.+)", r"blocks.\1.dilated.\2"),
        Rename(r"dec\.resblocks\.(\d+)\.convs2\.(.+)", r"blocks.\1.plain.\2"),
        Rename(r"dec\.resblocks\.(\d+)\.activations\.(\d+)\.act\.alpha", r"blocks.\1.snakes.\2.log_frequency"),
        Rename(r"dec\.resblocks\.(\d+)\.activations\.(\d+)\.act\.beta", r"blocks.\1.snakes.\2.log_sharpness"),
        Rename(r"dec\.activation_post\.act\.alpha", r"last_snake.log_frequency"),
        Rename(r"dec\.activation_post\.act\.beta", r"last_snake.log_sharpness"),
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
