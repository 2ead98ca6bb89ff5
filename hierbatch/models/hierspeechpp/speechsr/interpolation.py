"""Linear interpolation to a higher rate with exact positions.

Legend: C channels, N samples at 16 kHz, M samples at the higher rate.

`torch.nn.functional.interpolate` computes positions in float32, so its error grows with the length of the sound: the
signal-to-error ratio is 73 dB after one second at 16 kHz and 52 dB after twelve. Here positions are integers and
fractions.
"""

from __future__ import annotations

from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.models.precision import restore_dtype, to_float64


def interpolated_length(n_samples: int, ratio: Fraction) -> int:
    """Number of samples after interpolation, rounded down."""
    return n_samples * ratio.numerator // ratio.denominator


def interpolate_linear(x: Tensor, ratio: Fraction) -> Tensor:
    """Interpolate linearly, with aligned sample centers and replicated ends. Shape: [C, N] -> [C, M]."""
    n_out = interpolated_length(x.shape[-1], ratio)
    if n_out * ratio.denominator == x.shape[-1] * ratio.numerator:
        return _by_phases(x, ratio)
    return _by_positions(x, n_out)


def _by_phases(x: Tensor, ratio: Fraction) -> Tensor:
    """Polyphase form for a ratio p / q: output sample p k + r is between input samples q k + s and q k + s + 1.

    Each phase r has one offset s and one weight.
    """
    p, q = ratio.numerator, ratio.denominator
    n_groups = x.shape[-1] // q
    padded = F.pad(x[None], (1, 1), mode="replicate")[0]
    phases = []
    for r in range(p):
        numerator = (2 * r + 1) * q - p
        first = numerator // (2 * p) + 1
        weight = numerator % (2 * p) / (2 * p)
        left, right = (padded[:, start : start + q * (n_groups - 1) + 1 : q] for start in (first, first + 1))
        phases.append(torch.lerp(left, right, weight))
    return torch.stack(phases, dim=-1).flatten(-2)


def _by_positions(x: Tensor, n_out: int) -> Tensor:
    """Interpolate to a length that the ratio does not give exactly. Shape: [C, N] -> [C, M].

    The step between output samples is N / M input samples and not exactly the ratio of the rates, as in the training of
    the published network.
    """
    n_in = x.shape[-1]
    numerator = (2 * torch.arange(n_out, device=x.device) + 1) * n_in - n_out
    left = torch.div(numerator, 2 * n_out, rounding_mode="floor")
    weight = restore_dtype(to_float64(numerator - left * 2 * n_out) / (2 * n_out), x)
    return torch.lerp(x[:, left.clamp(min=0)], x[:, (left + 1).clamp(max=n_in - 1)], weight)
