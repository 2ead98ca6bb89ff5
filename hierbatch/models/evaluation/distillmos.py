"""DistillMOS (Stahl and Gamper 2025), a predicted mean opinion score of speech quality from 1 to 5.

The optional package `distillmos` supplies the network and its weights.
"""

from __future__ import annotations

import importlib
import io
from contextlib import redirect_stdout
from importlib.util import find_spec
from typing import Any

import torch

from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import ProgramError

_PACKAGE = "distillmos"


def is_distillmos_installed() -> bool:
    """True if the package `distillmos`, which contains the weights, is installed."""
    return find_spec(_PACKAGE) is not None


class DistillMos:
    """Predictor of the mean opinion score of a recording."""

    def __init__(self) -> None:
        """Load the network; raises ProgramError if the package is missing or damaged."""
        try:
            with redirect_stdout(io.StringIO()):  # the package prints the path of its weights
                network: Any = importlib.import_module(_PACKAGE).ConvTransformerSQAModel()
        except (ImportError, OSError, RuntimeError) as error:
            raise ProgramError(
                "DistillMOS cannot be loaded",
                expected="the package distillmos",
                got=str(error),
                fix="pip install --no-deps distillmos",
            ) from error
        self._network = network.eval()

    @torch.inference_mode()
    def score(self, waveform: Waveform) -> float:
        """Predict the mean opinion score of a recording, from 1 to 5."""
        samples = torch.from_numpy(resample(waveform, RATE_HZ).samples)
        return float(self._network(samples[None]).item())
