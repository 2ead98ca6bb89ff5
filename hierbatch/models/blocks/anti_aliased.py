"""The anti-aliased snake and the residual block around it (BigVGAN, Lee et al. 2023, section 3).

Legend: B batch, C channels, T samples with the spare tail. Rows of a padded batch are told by `lengths` [B]; what lies
past a row's own end is never read before it is written anew, so neighbours never change a row.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.blocks.masks import length_mask
from hierbatch.models.checkpoint import Constant, NameTable, Rename, under

_TAPS = 12
_CUTOFF = 0.25
_KAISER_BETA = 4.66380013
_REACH = 5
"""Samples that a phase filter and the filter after it read past either end."""
_TINY = 1e-9


def kaiser_sinc() -> Tensor:
    """Low-pass filter at half the band, 12 taps, sum one. Shape: [12]."""
    time = torch.arange(-(_TAPS // 2), _TAPS // 2) + 0.5
    window = torch.kaiser_window(_TAPS, periodic=False, beta=_KAISER_BETA)
    taps = 2 * _CUTOFF * window * torch.sinc(2 * _CUTOFF * time)
    return taps / taps.sum()


def silence_past_ends(x: Tensor, lengths: Tensor, n_samples: int) -> Tensor:
    """Zero the first samples past each row's end, in place: what a convolution with "same" padding reads there.

    Shape:
        x  [B, C, T] with T at least the longest row plus `n_samples`
    """
    _write_past_ends(x, lengths, n_samples, x.new_zeros(()))
    return x


def _write_past_ends(x: Tensor, first: Tensor, n_samples: int, value: Tensor) -> None:
    rows = torch.arange(len(x), device=x.device)[:, None]
    positions = first[:, None] + torch.arange(n_samples, device=x.device)
    x[rows, :, positions] = value


def _at(x: Tensor, positions: Tensor) -> Tensor:
    """One sample of every row. Shape: x [B, C, T], positions [B] -> [B, 1, C]."""
    return x[torch.arange(len(x), device=x.device), :, positions][:, None]


class AntiAliasedSnake(nn.Module):
    """Twice the rate, x + sin^2(a x) / b, and back, as filters of even and odd samples: no zeros are multiplied.

    Doubling with the taps f gives even samples by one half of the taps and odd samples by the other; halving reads
    the even ones with one half and the odd ones with the other. Both ends are held, at either rate. As sin^2 is
    (1 - cos) / 2, what stands between is one cosine: the first taps give its argument 2 a x, the last ones take the
    scale away again, and the constant that is left passes them as it is, since their sum is one.

    Shape:
        x        [B, C, T]
        lengths  [B]
        returns  [B, C, T]; samples past a row's end mean nothing
    """

    early: Tensor
    late: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.log_frequency = nn.Parameter(torch.zeros(channels))
        self.log_sharpness = nn.Parameter(torch.zeros(channels))
        taps = kaiser_sinc()
        self.register_buffer("early", taps[0::2].expand(channels, 1, -1).contiguous(), persistent=False)
        self.register_buffer("late", taps[1::2].expand(channels, 1, -1).contiguous(), persistent=False)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        channels = x.shape[1]
        frequency = self.log_frequency.exp()
        angle, depth = 2 * frequency[:, None, None], (frequency / (self.log_sharpness.exp() + _TINY))[:, None]
        start, end = (x[:, :, side].expand(-1, -1, _REACH) for side in (slice(0, 1), slice(-1, None)))
        x = torch.cat([start, x, end], dim=-1)
        _write_past_ends(x, lengths + _REACH, _REACH, _at(x, lengths + _REACH - 1))
        # Index s holds sample s - 2 of the even phase and sample s - 3 of the odd one: [B, C, T + 5].
        even = _wave(F.conv1d(x, 2 * angle * self.late.flip(-1), groups=channels), depth)
        odd = _wave(F.conv1d(x, 2 * angle * self.early.flip(-1), groups=channels), depth)
        start, end = even[:, :, 2:3].clone(), _at(odd, lengths + 2)
        even[:, :, :2] = start
        odd[:, :, :3] = start
        _write_past_ends(even, lengths + 2, 3, end)
        _write_past_ends(odd, lengths + 3, 2, end)
        constant = (depth / angle[:, 0])[:, 0]
        waves = F.conv1d(even, self.late / angle, constant, groups=channels)
        return waves.add_(F.conv1d(odd, self.early / angle, groups=channels))


def _wave(angle: Tensor, depth: Tensor) -> Tensor:
    """2 a times the snake of x, less the constant a / b, from the angle 2 a x. Shape: [B, C, T], depth [C, 1]."""
    return torch.addcmul(angle, angle.cos(), depth, value=-1)


class AntiAliasedBlock(nn.Module):
    """Rounds of snake, dilated convolution, snake, plain convolution, each added to what came in.

    Shape:
        x        [B, C, T] with T at least the longest row plus `reach`
        lengths  [B]
        returns  [B, C, T]; samples past a row's end mean nothing
    """

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = kernel // 2
        self.reach = half * max(dilations)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=half * dilation) for dilation in dilations
        )
        self.plain = nn.ModuleList(nn.Conv1d(channels, channels, kernel, padding=half) for _ in dilations)
        self.snakes = nn.ModuleList(AntiAliasedSnake(channels) for _ in range(2 * len(dilations)))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        convolutions = [layer for pair in zip(self.dilated, self.plain, strict=True) for layer in pair]
        y = x
        for index, (snake, convolution) in enumerate(zip(self.snakes, convolutions, strict=True)):
            y = convolution(silence_past_ends(snake(y, lengths), lengths, self.reach))
            if index % 2:
                x = y = x + y
        return x


class AntiAliasedBlocks(nn.Module):
    """The mean of blocks of several kernels.

    Shape:
        x        [B, C, T]  silent past a row's end
        lengths  [B]
        returns  [B, C, T]  silent past a row's end
    """

    def __init__(self, channels: int, kernels: tuple[int, ...], dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(AntiAliasedBlock(channels, kernel, dilations) for kernel in kernels)
        self._tail = max(kernels) // 2 * max(dilations)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        n_samples = x.shape[-1]
        x = F.pad(x, (0, self._tail))
        first, *others = (block(x, lengths)[:, :, :n_samples] for block in self.blocks)
        total = sum(others, first) / len(self.blocks)
        return total * length_mask(lengths, n_samples)


def snake_names() -> NameTable:
    """The published names of the weights of `AntiAliasedSnake`, and ours; the filters stand beside them there."""
    return (
        Rename(r"act\.alpha", "log_frequency"),
        Rename(r"act\.beta", "log_sharpness"),
        Constant(r"(?:upsample|downsample\.lowpass)\.filter", kaiser_sinc()[None, None]),
    )


def block_names() -> NameTable:
    """The published names of the weights of `AntiAliasedBlock`, and ours."""
    return (
        Rename(r"convs1\.(.+)", r"dilated.\1"),
        Rename(r"convs2\.(.+)", r"plain.\1"),
        *under(r"activations\.(\d+)", r"snakes.\1", snake_names()),
    )
