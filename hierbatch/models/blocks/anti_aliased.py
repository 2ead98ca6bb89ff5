"""The anti-aliased snake and the residual block around it (BigVGAN, Lee et al. 2023, section 3).

Legend: B batch, C channels, T samples with the spare tail. Rows of a padded batch are told by `lengths` [B]; what lies
past a row's own end is never read before it is written anew, so neighbours never change a row.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.blocks.masks import length_mask
from hierbatch.models.blocks.windows import Ends, in_windows
from hierbatch.models.checkpoint import Constant, NameTable, Rename, under

_TAPS = 12
_CUTOFF = 0.25
_KAISER_BETA = 4.66380013
_REACH = 5
"""Samples that a phase filter and the filter after it read past either end."""
_TINY = 1e-9
_MOST_CHANNELS_LAST = 128
"""Channels up to which blocks of the published sizes were faster so; with more, the convolutions lose what it gains."""


def kaiser_sinc() -> Tensor:
    """Low-pass filter at half the band, 12 taps, sum one. Shape: [12]."""
    time = torch.arange(-(_TAPS // 2), _TAPS // 2) + 0.5
    window = torch.kaiser_window(_TAPS, periodic=False, beta=_KAISER_BETA)
    taps = 2 * _CUTOFF * window * torch.sinc(2 * _CUTOFF * time)
    return taps / taps.sum()


def laid_out(x: Tensor, spare: int = 0) -> Tensor:
    """As the filters here read it: five samples to spare before, and `spare` more than five after the longest row.

    On a CPU the channels of a sample lie beside each other, where they are few: filters of single channels are then two
    to nine times as fast as along rows of samples, dense convolutions up to four times. Where there are many, laying
    their weights out anew on each call costs more than that.

    Shape:
        x        [B, C, T]
        returns  [B, C, 1, T + 10 + spare]
    """
    padded = F.pad(x, (_REACH, _REACH + spare))[:, :, None]
    is_narrow = x.shape[1] <= _MOST_CHANNELS_LAST
    return padded.contiguous(memory_format=torch.channels_last) if is_narrow and x.device.type == "cpu" else padded


def hold_ends(x: Tensor, ends: Ends) -> Tensor:
    """Both ends of every row held for five samples more, in place. Shape: [B, C, 1, T + 10]."""
    flat = x[:, :, 0]
    if ends.is_first:
        flat[:, :, :_REACH] = flat[:, :, _REACH : _REACH + 1].clone()
    if ends.lengths is not None:
        _write_past_ends(flat, ends.lengths + _REACH, _REACH, _at(flat, ends.lengths + _REACH - 1))
    return x


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

    REACH = 5
    """Samples to either side that one hears."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.log_frequency = nn.Parameter(torch.zeros(channels))
        self.log_sharpness = nn.Parameter(torch.zeros(channels))
        taps = kaiser_sinc()
        self.register_buffer("early", taps[0::2].expand(channels, 1, -1).contiguous(), persistent=False)
        self.register_buffer("late", taps[1::2].expand(channels, 1, -1).contiguous(), persistent=False)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        ends = Ends(lengths)
        return self.wave(hold_ends(laid_out(x), ends), ends)[:, :, 0]

    def wave(self, x: Tensor, ends: Ends) -> Tensor:
        """The same between `hold_ends` and a convolution. Shape: [B, C, 1, T + 10] -> [B, C, 1, T]."""
        channels = x.shape[1]
        frequency = self.log_frequency.exp()
        angle, depth = 2 * frequency[:, None, None, None], frequency / (self.log_sharpness.exp() + _TINY)
        early, late = self.early[:, :, None], self.late[:, :, None]
        # Index s holds sample s - 2 of the even phase and sample s - 3 of the odd one: [B, C, 1, T + 5].
        even = _wave(F.conv2d(x, 2 * angle * late.flip(-1), groups=channels), depth[:, None, None])
        odd = _wave(F.conv2d(x, 2 * angle * early.flip(-1), groups=channels), depth[:, None, None])
        _hold_phases(even[:, :, 0], odd[:, :, 0], ends)
        waves = F.conv2d(even, late / angle, depth / angle[:, 0, 0, 0], groups=channels)
        return waves.add_(F.conv2d(odd, early / angle, groups=channels))


def _hold_phases(even: Tensor, odd: Tensor, ends: Ends) -> None:
    """Both ends of every row held at the doubled rate, in place. Shape: [B, C, T + 5]."""
    if ends.is_first:
        start = even[:, :, 2:3].clone()
        even[:, :, :2] = start
        odd[:, :, :3] = start
    if ends.lengths is not None:
        end = _at(odd, ends.lengths + 2)
        _write_past_ends(even, ends.lengths + 2, 3, end)
        _write_past_ends(odd, ends.lengths + 3, 2, end)


def _wave(angle: Tensor, depth: Tensor) -> Tensor:
    """2 a times the snake of x, less the constant a / b, from the angle 2 a x. Shape: [B, C, 1, T], depth [C, 1, 1]."""
    return torch.addcmul(angle, angle.cos(), depth, value=-1)


class AntiAliasedBlock(nn.Module):
    """Rounds of snake, dilated convolution, snake, plain convolution, each added to what came in.

    Shape:
        x        [B, C, 1, T + 10]  by `laid_out` with `reach` to spare, between `hold_ends`
        returns  [B, C, 1, T + 10]  between held ends; samples past those mean nothing
    """

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = kernel // 2
        self.reach = half * max(dilations)
        self.hears = sum(half * (dilation + 1) + 2 * AntiAliasedSnake.REACH for dilation in dilations)
        """Samples to either side that one depends on."""
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=dilation, padding=half * dilation) for dilation in dilations
        )
        self.plain = nn.ModuleList(nn.Conv1d(channels, channels, kernel, padding=half) for _ in dilations)
        self.snakes = nn.ModuleList(AntiAliasedSnake(channels) for _ in range(2 * len(dilations)))

    def forward(self, x: Tensor, ends: Ends) -> Tensor:
        convolutions = [layer for pair in zip(self.dilated, self.plain, strict=True) for layer in pair]
        y = x
        for index, (snake, convolution) in enumerate(zip(self.snakes, convolutions, strict=True)):
            y = snake.wave(y, ends)  # type: ignore[operator]
            if ends.lengths is not None:
                silence_past_ends(y[:, :, 0], ends.lengths, self.reach)
            y = convolve(convolution, y, spare=_REACH)
            if index % 2:
                x = y = y.add_(x)
            hold_ends(y, ends)
        return x


def convolve(layer: nn.Module, x: Tensor, spare: int = 0) -> Tensor:
    """A layer's convolution of what is laid out, with more samples at either end. Shape: [B, C, 1, T]."""
    assert isinstance(layer, nn.Conv1d)
    padding, (dilation,) = int(layer.padding[0]) + spare, layer.dilation
    return F.conv2d(x, layer.weight[:, :, None], layer.bias, padding=(0, padding), dilation=(1, dilation))


def mean_of_blocks(blocks: Sequence[nn.Module], x: Tensor, ends: Ends) -> Tensor:
    """What `AntiAliasedBlock`s of several kernels make of the same. Shapes: as theirs."""
    first, *others = (block(x, ends) for block in blocks)
    for other in others:
        first = first.add_(other)
    return first / len(blocks)


def widest_hearing(blocks: Sequence[nn.Module]) -> int:
    """Samples to either side that the mean of blocks depends on."""
    return max(block.hears for block in blocks if isinstance(block, AntiAliasedBlock))


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
        halo = widest_hearing(tuple(self.blocks))
        return in_windows(self._mean, x, lengths, halo) * length_mask(lengths, x.shape[-1])

    def _mean(self, x: Tensor, ends: Ends) -> Tensor:
        held = hold_ends(laid_out(x, self._tail), ends)
        return mean_of_blocks(tuple(self.blocks), held, ends)[:, :, 0, _REACH : _REACH + x.shape[-1]]


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
