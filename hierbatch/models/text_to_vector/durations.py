"""The stochastic duration predictor (Kim et al. 2021, VITS, section 2.2.2 and appendix B.1).

Legend: B batch, C channels, N symbols, S style. Two channels flow: a duration, and one that only gives it room.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.blocks.transformer import ChannelNorm
from hierbatch.models.text_to_vector.spline import Spline

_N_BINS = 10
_N_SPLINES = 4
_N_LAYERS = 3
_KERNEL = 3
_SMALLEST = 1e-5


class DilatedConvolutions(nn.Module):
    """Depthwise convolutions, each three times as wide as the last, and what mixes their channels.

    Shape:
        x        [B, C, N]
        mask     [B, 1, N]
        returns  [B, C, N]
    """

    def __init__(self, channels: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.depthwise = nn.ModuleList(
            nn.Conv1d(channels, channels, _KERNEL, dilation=_KERNEL**i, padding=_KERNEL**i, groups=channels)
            for i in range(_N_LAYERS)
        )
        self.pointwise = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in range(_N_LAYERS))
        self.depthwise_norms = nn.ModuleList(ChannelNorm(channels) for _ in range(_N_LAYERS))
        self.pointwise_norms = nn.ModuleList(ChannelNorm(channels) for _ in range(_N_LAYERS))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        layers = zip(self.depthwise, self.depthwise_norms, self.pointwise, self.pointwise_norms, strict=True)
        for depthwise, depthwise_norm, pointwise, pointwise_norm in layers:
            y = F.gelu(depthwise_norm(depthwise(x * mask)))
            x = x + self.dropout(F.gelu(pointwise_norm(pointwise(y))))
        return x * mask


class ScaleFlow(nn.Module):
    """Each channel moved and scaled. Shape: [B, 2, N]."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(2, 1))
        self.log_scale = nn.Parameter(torch.zeros(2, 1))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The flow and its log-determinant. Shapes: [B, 2, N], [B]."""
        y = (self.shift + torch.exp(self.log_scale) * x) * mask
        return y, (self.log_scale * mask).sum((1, 2))

    def reverse(self, x: Tensor, mask: Tensor) -> Tensor:
        return (x - self.shift) * torch.exp(-self.log_scale) * mask


class SplineFlow(nn.Module):
    """One channel sets the spline that bends the other. Shape: [B, 2, N]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(1, channels, 1)
        self.convolutions = DilatedConvolutions(channels)
        self.leave = nn.Conv1d(channels, 3 * _N_BINS - 1, 1)
        self._spread = math.sqrt(channels)
        # A new flow changes nothing.
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """The flow and its log-determinant. Shapes: [B, 2, N], [B]."""
        kept, bent = x.chunk(2, dim=1)
        y, log_slope = self._spline(kept, mask, condition).forward(bent)
        return torch.cat([kept, y], dim=1) * mask, (log_slope * mask).sum((1, 2))

    def reverse(self, x: Tensor, mask: Tensor, condition: Tensor) -> Tensor:
        kept, bent = x.chunk(2, dim=1)
        return torch.cat([kept, self._spline(kept, mask, condition).inverse(bent)], dim=1) * mask

    def _spline(self, kept: Tensor, mask: Tensor, condition: Tensor) -> Spline:
        hidden = self.leave(self.convolutions(self.enter(kept) + condition, mask)) * mask
        settings = hidden[:, None].transpose(2, 3)  # [B, 1, N, 29]
        widths, heights, slopes = settings.split([_N_BINS, _N_BINS, _N_BINS - 1], dim=-1)
        return Spline(widths / self._spread, heights / self._spread, slopes)


class SplineFlows(nn.Module):
    """A scale and four splines, the channels changing places after each spline."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = ScaleFlow()
        self.splines = nn.ModuleList(SplineFlow(channels) for _ in range(_N_SPLINES))

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """The flows and their log-determinant. Shapes: [B, 2, N], [B]."""
        x, log_det = self.scale(x, mask)
        for spline in self.splines:
            x, more = spline(x, mask, condition)
            x, log_det = x.flip(1), log_det + more
        return x, log_det

    def reverse(self, x: Tensor, mask: Tensor, condition: Tensor) -> Tensor:
        """Back again, but for the first spline, which only bends the channel that is thrown away."""
        for index in range(_N_SPLINES - 1, 0, -1):
            x = self.splines[index].reverse(x.flip(1), mask, condition)  # type: ignore[operator]
        return self.scale.reverse(x.flip(1), mask)


class StochasticDurations(nn.Module):
    """How long each symbol lasts, drawn from what its neighbours and the style leave open."""

    def __init__(self, channels: int, style_channels: int, dropout: float) -> None:
        super().__init__()
        self.enter = nn.Conv1d(channels, channels, 1)
        self.conditioning = nn.Conv1d(style_channels, channels, 1)
        self.convolutions = DilatedConvolutions(channels, dropout)
        self.leave = nn.Conv1d(channels, channels, 1)
        self.flows = SplineFlows(channels)
        self.posterior_enter = nn.Conv1d(1, channels, 1)
        self.posterior_convolutions = DilatedConvolutions(channels, dropout)
        self.posterior_leave = nn.Conv1d(channels, channels, 1)
        self.posterior_flows = SplineFlows(channels)

    def forward(self, hidden: Tensor, mask: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """Logarithm of the durations in frames, drawn.

        Shape:
            hidden   [B, C, N]
            mask     [B, 1, N]
            style    [B, S]
            noise    [B, 2, N]  normal, times how free the durations are
            returns  [B, 1, N]
        """
        return self.flows.reverse(noise, mask, self._condition(hidden, mask, style))[:, :1]

    def negative_log_likelihood(
        self, hidden: Tensor, mask: Tensor, style: Tensor, durations: Tensor, noise: Tensor
    ) -> Tensor:
        """Upper bound of it, by variational dequantization and augmentation (equations 7 and 8).

        The text and the style learn nothing from it.

        Shape:
            durations  [B, 1, N]  whole frames
            noise      [B, 2, N]  normal
            returns    [B]
        """
        condition = self._condition(hidden.detach(), mask, style.detach())
        known = self.posterior_convolutions(self.posterior_enter(durations), mask)
        known = self.posterior_leave(known) * mask
        noise = noise * mask
        drawn, log_det = self.posterior_flows(noise, mask, condition + known)
        fraction, room = drawn.chunk(2, dim=1)
        # The fraction a duration was rounded up by lies between zero and one.
        log_det = log_det + ((F.logsigmoid(fraction) + F.logsigmoid(-fraction)) * mask).sum((1, 2))
        log_posterior = -_half_square(noise, mask) - log_det
        left = ((durations - torch.sigmoid(fraction)) * mask).clamp_min(_SMALLEST)
        log_left = torch.log(left) * mask
        latent, log_det = self.flows(torch.cat([log_left, room], dim=1), mask, condition)
        return _half_square(latent, mask) - (log_det - log_left.sum((1, 2))) + log_posterior

    def _condition(self, hidden: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        x = self.enter(hidden) + self.conditioning(style[:, :, None])
        return self.leave(self.convolutions(x, mask)) * mask


def _half_square(x: Tensor, mask: Tensor) -> Tensor:
    """Negative logarithm of the standard normal density. Shape: [B, 2, N] -> [B]."""
    return (0.5 * (math.log(2 * math.pi) + x**2) * mask).sum((1, 2))
