"""A light SpeechSR of random weights: it gives a top at once, and a wrong one."""

from pathlib import Path

import torch

from hierbatch.models.upsampling.lite.config import SpeechSRLiteConfig
from hierbatch.models.upsampling.lite.model import SpeechSRLite
from hierbatch.models.weights.bundle_writing import write_bundle

CONFIG = SpeechSRLiteConfig(width=8, blocks=2, bands=8)


def tiny_network(rate_hz=48_000) -> SpeechSRLite:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = SpeechSRLite(CONFIG, rate_hz).eval()
        torch.nn.init.normal_(network.output_projection.weight, std=0.3)
        torch.nn.init.constant_(network.output_projection.bias, 1.0)
    return network


def write_tiny_speechsr(folder) -> Path:
    page = {
        "name": "tiny_speechsr", "kind": "speechsr_lite", "languages": [], "rate_hz": 48_000, "license": "MIT",
        "config": CONFIG.to_dict(), "synthesis": {},
    }  # fmt: skip
    write_bundle(folder, tiny_network().state_dict(), page)
    return folder
