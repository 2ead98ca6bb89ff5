"""Linear interpolation to a higher rate with exact positions.

`torch.nn.functional.interpolate` computes positions in float32, so its error grows along the sound: 73 dB after one
second of 16 kHz, 52 dB after twelve. Here positions are whole numbers and fractions.
"""

from __future__ import annotations

from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.models.blocks.precision import brought_back, in_double


def stretched_length(n_samples: int, ratio: Fraction) -> int:
    """Samples after stretching, a part of a sample left out."""
    return n_samples * ratio.numerator // ratio.denominator


def stretch(x: Tensor, ratio: Fraction) -> Tensor:
    """Straight lines between the samples, sample centres aligned, both ends held. Shape: [C, N] -> [C, M]."""
    n_out = stretched_length(x.shape[-1], ratio)
    if n_out * ratio.denominator == x.shape[-1] * ratio.numerator:
        return _by_phases(x, ratio)
    return _by_positions(x, n_out)


def _by_phases(x: Tensor, ratio: Fraction) -> Tensor:
    """Output sample p k + r lies between input samples q k + s and q k + s + 1, for one s and weight for each r."""
    p, q = ratio.numerator, ratio.denominator
    n_groups = x.shape[-1] // q
    held = F.pad(x[None], (1, 1), mode="replicate")[0]
    phases = []
    for r in range(p):
        numerator = (2 * r + 1) * q - p
        first = numerator // (2 * p) + 1
        weight = numerator % (2 * p) / (2 * p)
        left, right = (held[:, start : start + q * (n_groups - 1) + 1 : q] for start in (first, first + 1))
        phases.append(torch.lerp(left, right, weight))
    return torch.stack(phases, dim=-1).flatten(-2)


def _by_positions(x: Tensor, n_out: int) -> Tensor:
    """Where the rate does not divide the length, the network was trained on N / M, not on the ratio of the rates."""
    n_in = x.shape[-1]
    numerator = (2 * torch.arange(n_out, device=x.device) + 1) * n_in - n_out
    left = torch.div(numerator, 2 * n_out, rounding_mode="floor")
    weight = brought_back(in_double(numerator - left * 2 * n_out) / (2 * n_out), x)
    return torch.lerp(x[:, left.clamp(min=0)], x[:, (left + 1).clamp(max=n_in - 1)], weight)
