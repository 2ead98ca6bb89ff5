"""A narrow Lite pipeline with random weights, and a crude voice."""

import numpy as np
import torch

from hierbatch.audio.waveform import Waveform
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.pipeline import LitePipeline
from hierbatch.models.weights.bundle import Bundle
from tests.tiny_lite import tiny_config


def buzz(duration_s: float, f0_hz: float = 120.0) -> Waveform:
    """A crude voice: a pulse-like tone whose pitch wanders."""
    time_s = np.arange(int(duration_s * 16000)) / 16000
    phase = 2 * np.pi * np.cumsum(f0_hz * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * time_s)) / 16000)
    return Waveform((0.1 * np.exp(3 * (np.cos(phase) - 1))).astype(np.float32), 16000)


def small_model(**synthesis: float) -> LitePipeline:
    torch.manual_seed(0)
    networks = LiteNetworks(tiny_config())
    for name, parameter in networks.named_parameters():
        if not name.startswith("waveform"):  # the waveform stage starts out as a source and filter that works
            torch.nn.init.normal_(parameter, std=0.05)
    torch.nn.init.constant_(networks.text_to_vector.duration.output_projection.bias, 1.7)
    bundle = Bundle(
        folder=None,  # type: ignore[arg-type]
        name="small",
        kind="lite",
        languages=("en", "ko"),
        rate_hz=16000,
        license="MIT",
        config={},
        synthesis=synthesis,
        weights_sha256="0" * 64,
    )
    return LitePipeline(bundle, networks.eval(), DevicePlacement())
