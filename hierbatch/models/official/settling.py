"""What the published chain settles between its networks: whose style, and where the pitch lies.

Legend: S style, T frames (50/s), pitch 4T.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

LOWEST_HZ = 55.0
"""Pitch below it is taken for none, as the published chain does."""


def mix_styles(styles: Tensor, ratio: float) -> Tensor:
    """Between the style of the prompt as it is and without its noise. Shape: [1 or 2, S] -> [1, S]."""
    return styles if len(styles) == 1 else (1 - ratio) * styles[:1] + ratio * styles[1:]


def clip_pitch(log_f0: Tensor) -> Tensor:
    """ln(F0 + 1) with what is lower than any voice taken for unvoiced."""
    return torch.where(log_f0 < math.log(LOWEST_HZ), 0.0, log_f0)


def bend_pitch(log_f0: Tensor, semitones: float, prosody: float) -> Tensor:
    """A row's pitch moved, and its melody widened about its own mean; what is unvoiced stays so. Shape: [1, 4T]."""
    voiced = log_f0 > 0
    if (semitones == 0 and prosody == 1) or not bool(voiced.any()):
        return log_f0
    logs = torch.log(torch.expm1(log_f0[voiced]))
    moved = logs.mean() + prosody * (logs - logs.mean()) + semitones * math.log(2) / 12
    bent = log_f0.clone()
    bent[voiced] = torch.log1p(moved.exp())
    return bent
