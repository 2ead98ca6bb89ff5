"""Gain of the vocoder's noise in songs."""

from __future__ import annotations

import math

import torch
from torch import Tensor

SONG_LOW_NOISE_DB = -18.0
"""Gain of the noise of voiced frames below about 1 kHz, where it is as strong as the harmonics of some voices."""
_HIGH_GAIN = 0.3
_FALLS_FROM_HZ, _FALLS_TO_HZ = 300.0, 450.0


def song_noise_gains(f0_hz: Tensor, is_voiced: Tensor) -> Tensor:
    """Gain of the noise for each frame: 1, except for voiced frames of high pitch.

    The vocoder has learned from speech how much noise a vowel has. With unchanged gain, it adds so much noise to vowels
    of high pitch that their pitch is lost.

    Shape:
        f0_hz      [..., T]
        is_voiced  [..., T]  0 or 1
        returns    [..., T]
    """
    height = torch.log2(f0_hz / _FALLS_FROM_HZ) / math.log2(_FALLS_TO_HZ / _FALLS_FROM_HZ)
    return 1 - (1 - _HIGH_GAIN) * height.clamp(0.0, 1.0) * is_voiced
