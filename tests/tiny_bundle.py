"""A bundle of random weights, a few ten thousand of them: it speaks at once, and says nothing."""

from pathlib import Path

import torch

from hierbatch.models.lite.config import tiny_config
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.weights.bundle_writing import write_bundle


def write_tiny_bundle(folder) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = LiteNetworks(tiny_config())
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
