"""The published names of the discriminators' weights, and ours."""

from __future__ import annotations

import torch

from hierbatch.models.checkpoint import Checkpoint, Constant, NameTable, Rename, Unused, load_weights, under
from hierbatch.models.discriminators.config import DiscriminatorConfig
from hierbatch.models.discriminators.model import Discriminators


def name_table(config: DiscriminatorConfig) -> NameTable:
    """Every published name; all discriminators are numbered through there."""
    n_spectrograms = len(config.ffts_samples)
    table: list[Rename | Constant | Unused] = []
    for index, n_fft in enumerate(config.ffts_samples):
        window = Constant(r"spec_transform\.window", torch.hann_window(n_fft))
        table += under(rf"discriminators\.{index}", f"by_spectrogram.{index}", (window, *_layers()))
    for index in range(len(config.periods_samples)):
        table += under(rf"discriminators\.{n_spectrograms + index}", f"by_period.{index}", _layers())
    return table


def discriminators_from(checkpoint: Checkpoint, config: DiscriminatorConfig) -> Discriminators:
    """The networks with published weights.

    Raises:
        BundleError: the weights are not those of this set.
    """
    model = Discriminators(config)
    load_weights(model, checkpoint, name_table(config))
    return model.eval()


def _layers() -> NameTable:
    return (Rename(r"convs\.(.+)", r"convolutions.\1"), Rename(r"conv_post\.(.+)", r"leave.\1"))
