"""Weight names of published discriminator checkpoints, and loading of such checkpoints."""

from __future__ import annotations

import torch

from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig
from hierbatch.models.hierspeechpp.discriminators.model import Discriminators
from hierbatch.models.weights.checkpoint import (
    Checkpoint,
    Constant,
    NameTable,
    Rename,
    Unused,
    load_weights,
    with_prefix,
)

NORMALIZED_LAYERS = (r"by_(?:spectrogram|period)\.\d+\.(?:convolutions\.\d+|output_projection)",)
"""Patterns of the layers that are trained with weight norm."""


def name_table(config: DiscriminatorConfig) -> NameTable:
    """Name table of `Discriminators`; the published names number all discriminators consecutively."""
    n_spectrograms = len(config.ffts_samples)
    table: list[Rename | Constant | Unused] = []
    for index, n_fft in enumerate(config.ffts_samples):
        window = Constant(r"spec_transform\.window", torch.hann_window(n_fft))
        table += with_prefix(rf"discriminators\.{index}", f"by_spectrogram.{index}", (window, *_layers()))
    for index in range(len(config.periods_samples)):
        table += with_prefix(rf"discriminators\.{n_spectrograms + index}", f"by_period.{index}", _layers())
    return table


def discriminators_from(checkpoint: Checkpoint, config: DiscriminatorConfig) -> Discriminators:
    """Create the discriminators with the weights of a checkpoint, in evaluation mode.

    Raises:
        BundleError: the weights do not fit discriminators with this configuration.
    """
    model = Discriminators(config)
    load_weights(model, checkpoint, name_table(config))
    return model.eval()


def _layers() -> NameTable:
    return (Rename(r"convs\.(.+)", r"convolutions.\1"), Rename(r"conv_post\.(.+)", r"output_projection.\1"))
