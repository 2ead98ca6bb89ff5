"""A bundle of random weights, a few ten thousand of them: it speaks at once, and says nothing."""

from pathlib import Path

import torch

from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.weights.bundle_writing import write_bundle
from tests.tiny_lite import tiny_config


def write_tiny_bundle(folder, log_duration: float | None = None) -> Path:
    """`log_duration` is what log(1 + frames) of every symbol is near; without it, texts may have no duration."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = LiteNetworks(tiny_config())
        if log_duration is not None:
            torch.nn.init.constant_(networks.text_to_vector.duration.output_projection.bias, log_duration)
    page = {
        "name": "tiny",
        "kind": "lite",
        "languages": ["en", "ko"],
        "rate_hz": 16_000,
        "license": "MIT",
        "config": tiny_config().to_dict(),
        "synthesis": {},
    }
    write_bundle(folder, networks.state_dict(), page)
    return folder
