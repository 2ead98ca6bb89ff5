"""Monotonic rational-quadratic splines (Durkan et al. 2019, Neural Spline Flows, section 3.1) with linear tails.

Legend: any leading shape [...], K bins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

REACH = 5.0
"""Limit of the spline on both sides of zero; beyond it, the function is the identity."""
_MIN_SIZE = 1e-3
"""Minimum width and height of a bin as a fraction of the total, and minimum slope at a knot."""
_EDGE_TOLERANCE = 1e-6
# Input of softplus for a slope of exactly one, so that the spline joins the identity smoothly.
_EDGE_SLOPE = math.log(math.exp(1 - _MIN_SIZE) - 1)


@dataclass(frozen=True, slots=True)
class _Bin:
    """Bin that each value falls into. Shapes: each field [...]."""

    left: Tensor
    width: Tensor
    bottom: Tensor
    height: Tensor
    left_slope: Tensor
    right_slope: Tensor

    @property
    def slope(self) -> Tensor:
        """Mean slope, s in the paper."""
        return self.height / self.width

    @property
    def bend(self) -> Tensor:
        return self.left_slope + self.right_slope - 2 * self.slope


@dataclass(frozen=True, slots=True)
class Spline:
    """Unnormalized parameters of a spline. Shapes: widths, heights [..., K], slopes [..., K - 1]."""

    widths: Tensor
    heights: Tensor
    slopes: Tensor

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Value of the spline at `x`, and the log of its slope (equations 4 and 5). Shapes: x [...] -> each [...]."""
        is_inside = x.abs() <= REACH
        bins, clamped = self._knots(), x.clamp(-REACH, REACH)
        at = self._bin(bins, clamped, by_height=False)
        part = (clamped - at.left) / at.width
        mixed = part * (1 - part)
        bottom = at.slope + at.bend * mixed
        y = at.bottom + at.height * (at.slope * part**2 + at.left_slope * mixed) / bottom
        top = at.slope**2 * (at.right_slope * part**2 + 2 * at.slope * mixed + at.left_slope * (1 - part) ** 2)
        log_slope = torch.log(top) - 2 * torch.log(bottom)
        return torch.where(is_inside, y, x), torch.where(is_inside, log_slope, torch.zeros_like(x))

    def inverse(self, y: Tensor) -> Tensor:
        """Inverse of the spline at `y` (equations 6 to 8). Shape: y [...] -> [...]."""
        is_inside = y.abs() <= REACH
        bins, clamped = self._knots(), y.clamp(-REACH, REACH)
        at = self._bin(bins, clamped, by_height=True)
        rise = clamped - at.bottom
        a = rise * at.bend + at.height * (at.slope - at.left_slope)
        b = at.height * at.left_slope - rise * at.bend
        c = -at.slope * rise
        part = 2 * c / (-b - torch.sqrt((b**2 - 4 * a * c).clamp_min(0)))
        return torch.where(is_inside, part * at.width + at.left, y)

    def _knots(self) -> tuple[Tensor, Tensor, Tensor]:
        """Positions, values and slopes of the K + 1 knots. Shapes: each [..., K + 1]."""
        slopes = _MIN_SIZE + F.softplus(F.pad(self.slopes, (1, 1), value=_EDGE_SLOPE))
        return _edges(self.widths), _edges(self.heights), slopes

    @staticmethod
    def _bin(knots: tuple[Tensor, Tensor, Tensor], value: Tensor, *, by_height: bool) -> _Bin:
        positions, values, slopes = knots
        edges = values if by_height else positions
        thresholds = torch.cat([edges[..., :-1], edges[..., -1:] + _EDGE_TOLERANCE], dim=-1)
        index = (value[..., None] >= thresholds).sum(-1, keepdim=True) - 1

        def pick(table: Tensor) -> Tensor:
            return table.gather(-1, index)[..., 0]

        return _Bin(
            left=pick(positions),
            width=pick(positions.diff(dim=-1)),
            bottom=pick(values),
            height=pick(values.diff(dim=-1)),
            left_slope=pick(slopes),
            right_slope=pick(slopes[..., 1:]),
        )


def _edges(unnormalized: Tensor) -> Tensor:
    """Edges of the bins, with both ends exact. Shape: [..., K] -> [..., K + 1]."""
    n_bins = unnormalized.shape[-1]
    sizes = _MIN_SIZE + (1 - _MIN_SIZE * n_bins) * unnormalized.softmax(dim=-1)
    inner = 2 * REACH * sizes.cumsum(dim=-1)[..., :-1] - REACH
    end = torch.full_like(inner[..., :1], REACH)
    return torch.cat([-end, inner, end], dim=-1)
