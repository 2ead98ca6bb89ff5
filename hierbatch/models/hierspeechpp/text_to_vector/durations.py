"""Stochastic duration predictor (Kim et al. 2021, VITS, section 2.2.2 and appendix B.1).

The flows have two channels: the duration and an auxiliary variable.
Legend: B batch, C channels, N symbols, S style.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.transformer import ChannelNorm
from hierbatch.models.hierspeechpp.text_to_vector.spline import Spline

_N_BINS = 10
_N_SPLINES = 4
_N_LAYERS = 3
_KERNEL = 3
_MIN_DURATION = 1e-5


class DilatedConvolutions(nn.Module):
    """Depthwise convolutions whose dilation triples per layer, each followed by a pointwise convolution.

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
    """Affine flow with a shift and a scale per channel. Shape: x [B, 2, N]."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(2, 1))
        self.log_scale = nn.Parameter(torch.zeros(2, 1))

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Output and log-determinant of the flow. Shapes: [B, 2, N], [B]."""
        y = (self.shift + torch.exp(self.log_scale) * x) * mask
        return y, (self.log_scale * mask).sum((1, 2))

    def reverse(self, x: Tensor, mask: Tensor) -> Tensor:
        """Apply the inverse of `forward`, without a log-determinant. Shape: returns [B, 2, N]."""
        return (x - self.shift) * torch.exp(-self.log_scale) * mask


class SplineFlow(nn.Module):
    """Coupling flow: one channel parameterizes a spline that transforms the other. Shape: x [B, 2, N]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.input_projection = nn.Conv1d(1, channels, 1)
        self.convolutions = DilatedConvolutions(channels)
        self.output_projection = nn.Conv1d(channels, 3 * _N_BINS - 1, 1)
        self._normalizer = math.sqrt(channels)
        # A new flow is the identity.
        nn.init.zeros_(self.output_projection.weight)
        nn.init.zeros_(self.output_projection.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Output and log-determinant of the flow.

        Shape:
            x          [B, 2, N] -> [B, 2, N], [B]
            mask       [B, 1, N], 1 for valid symbols
            condition  [B, C, N], from text and style
        """
        kept, transformed = x.chunk(2, dim=1)
        y, log_slope = self._spline(kept, mask, condition).forward(transformed)
        return torch.cat([kept, y], dim=1) * mask, (log_slope * mask).sum((1, 2))

    def reverse(self, x: Tensor, mask: Tensor, condition: Tensor) -> Tensor:
        """Apply the inverse of `forward`, without a log-determinant. Shape: returns [B, 2, N]."""
        kept, transformed = x.chunk(2, dim=1)
        return torch.cat([kept, self._spline(kept, mask, condition).inverse(transformed)], dim=1) * mask

    def _spline(self, kept: Tensor, mask: Tensor, condition: Tensor) -> Spline:
        hidden = self.output_projection(self.convolutions(self.input_projection(kept) + condition, mask)) * mask
        settings = hidden[:, None].transpose(2, 3)  # [B, 1, N, 29]
        widths, heights, slopes = settings.split([_N_BINS, _N_BINS, _N_BINS - 1], dim=-1)
        return Spline(widths / self._normalizer, heights / self._normalizer, slopes)


class SplineFlows(nn.Module):
    """Affine flow followed by four spline flows; the channels are swapped after each spline."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = ScaleFlow()
        self.splines = nn.ModuleList(SplineFlow(channels) for _ in range(_N_SPLINES))

    def forward(self, x: Tensor, mask: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Output and log-determinant of all flows; shapes as in `SplineFlow.forward`."""
        x, log_det = self.scale(x, mask)
        for spline in self.splines:
            x, spline_log_det = spline(x, mask, condition)
            x, log_det = x.flip(1), log_det + spline_log_det
        return x, log_det

    def reverse(self, x: Tensor, mask: Tensor, condition: Tensor) -> Tensor:
        """Apply the inverse of `forward` without the first spline, which transforms only the auxiliary channel."""
        for index in range(_N_SPLINES - 1, 0, -1):
            x = self.splines[index].reverse(x.flip(1), mask, condition)  # type: ignore[operator]
        return self.scale.reverse(x.flip(1), mask)


class StochasticDurationPredictor(nn.Module):
    """Stochastic duration predictor, which samples the durations of symbols given the text and the style."""

    def __init__(self, channels: int, style_channels: int, dropout: float) -> None:
        super().__init__()
        self.input_projection = nn.Conv1d(channels, channels, 1)
        self.conditioning = nn.Conv1d(style_channels, channels, 1)
        self.convolutions = DilatedConvolutions(channels, dropout)
        self.output_projection = nn.Conv1d(channels, channels, 1)
        self.flows = SplineFlows(channels)
        self.posterior_input = nn.Conv1d(1, channels, 1)
        self.posterior_convolutions = DilatedConvolutions(channels, dropout)
        self.posterior_output = nn.Conv1d(channels, channels, 1)
        self.posterior_flows = SplineFlows(channels)

    def forward(self, hidden: Tensor, mask: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """Sample the logarithm of the durations in frames.

        Args:
            hidden: encoded text.
            mask: valid symbols.
            style: style vector.
            noise: normal noise; its scale sets the variability of the durations.

        Shape:
            hidden   [B, C, N]
            mask     [B, 1, N]
            style    [B, S]
            noise    [B, 2, N]
            returns  [B, 1, N]
        """
        return self.flows.reverse(noise, mask, self._condition(hidden, mask, style))[:, :1]

    def negative_log_likelihood(
        self, hidden: Tensor, mask: Tensor, style: Tensor, durations: Tensor, noise: Tensor
    ) -> Tensor:
        """Upper bound on the negative log likelihood, by variational dequantization (VITS, section 2.2.2).

        No gradient flows to the text encoder and the style encoder.

        Args:
            hidden: encoded text.
            mask: valid symbols.
            style: style vector.
            durations: aligned durations in whole frames.
            noise: standard normal noise.

        Shape:
            hidden     [B, C, N]
            mask       [B, 1, N]
            style      [B, S]
            durations  [B, 1, N]
            noise      [B, 2, N]
            returns    [B]
        """
        condition = self._condition(hidden.detach(), mask, style.detach())
        encoded = self.posterior_convolutions(self.posterior_input(durations), mask)
        encoded = self.posterior_output(encoded) * mask
        noise = noise * mask
        sample, log_det = self.posterior_flows(noise, mask, condition + encoded)
        fraction, auxiliary = sample.chunk(2, dim=1)
        # The dequantization offset, by which a duration was rounded up, is between zero and one.
        log_det = log_det + ((F.logsigmoid(fraction) + F.logsigmoid(-fraction)) * mask).sum((1, 2))
        log_posterior = -_negative_log_normal(noise, mask) - log_det
        dequantized = ((durations - torch.sigmoid(fraction)) * mask).clamp_min(_MIN_DURATION)
        log_duration = torch.log(dequantized) * mask
        latent, log_det = self.flows(torch.cat([log_duration, auxiliary], dim=1), mask, condition)
        result: Tensor = _negative_log_normal(latent, mask) - (log_det - log_duration.sum((1, 2))) + log_posterior
        return result

    def _condition(self, hidden: Tensor, mask: Tensor, style: Tensor) -> Tensor:
        x = self.input_projection(hidden) + self.conditioning(style[:, :, None])
        result: Tensor = self.output_projection(self.convolutions(x, mask)) * mask
        return result


def _negative_log_normal(x: Tensor, mask: Tensor) -> Tensor:
    """Negative log density of the standard normal distribution. Shape: [B, 2, N] -> [B]."""
    return (0.5 * (math.log(2 * math.pi) + x**2) * mask).sum((1, 2))
