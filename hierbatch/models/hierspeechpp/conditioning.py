"""Conditioning between the networks of the HierSpeech++ pipeline: style mixing and pitch adjustment.

Legend: S style, T frames (50/s); pitch has 4T values.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

MIN_F0_HZ = 55.0
"""Predicted F0 is treated as unvoiced where F0 + 1 Hz is below this limit, as in the published pipeline."""


def mix_styles(styles: Tensor, ratio: float) -> Tensor:
    """Mix the style of a prompt with that of the denoised prompt, if given. Shape: [1 or 2, S] -> [1, S].

    The weight of the denoised prompt is `ratio`, 0 to 1.
    """
    return styles if len(styles) == 1 else (1 - ratio) * styles[:1] + ratio * styles[1:]


def clip_pitch(log_f0: Tensor) -> Tensor:
    """Set ln(F0 + 1) to 0 (unvoiced) where it is below ln(`MIN_F0_HZ`)."""
    return torch.where(log_f0 < math.log(MIN_F0_HZ), 0.0, log_f0)


def adjust_pitch(log_f0: Tensor, semitones: float, prosody: float) -> Tensor:
    """Transpose the pitch of a row and scale its variation around the mean; unvoiced frames are unchanged.

    Args:
        log_f0: ln(F0 + 1), 0 where unvoiced.
        semitones: transposition.
        prosody: scale factor for the deviation of log F0 from its mean.

    Shape: log_f0 [1, 4T] -> [1, 4T].
    """
    voiced = log_f0 > 0
    if (semitones == 0 and prosody == 1) or not bool(voiced.any()):
        return log_f0
    logs = torch.log(torch.expm1(log_f0[voiced]))
    transposed = logs.mean() + prosody * (logs - logs.mean()) + semitones * math.log(2) / 12
    adjusted = log_f0.clone()
    adjusted[voiced] = torch.log1p(transposed.exp())
    return adjusted
