"""Anti-aliased snake activation and the residual block around it (BigVGAN, Lee et al. 2023, section 3).

Legend: B batch, C channels, T samples including padding. `lengths` [B] holds the length of each row of a padded batch;
samples past a row's end are overwritten before they are read, so the output of a row is independent of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.blocks.windows import Ends, apply_in_windows
from hierbatch.models.weights.checkpoint import Constant, NameTable, Rename, with_prefix

_TAPS = 12
_CUTOFF = 0.25
_KAISER_BETA = 4.66380013
_FILTER_CONTEXT = 5
"""Number of samples that a polyphase filter and the filter after it read beyond either end."""
_EPSILON = 1e-9
_MAX_CHANNELS_LAST = 128
"""Maximum number of channels for the channels-last format; with more, slower convolutions outweigh faster filters."""


def kaiser_sinc() -> Tensor:
    """Return the taps of a low-pass filter at half the Nyquist frequency; they sum to one. Shape: [12]."""
    time = torch.arange(-(_TAPS // 2), _TAPS // 2) + 0.5
    window = torch.kaiser_window(_TAPS, periodic=False, beta=_KAISER_BETA)
    taps = 2 * _CUTOFF * window * torch.sinc(2 * _CUTOFF * time)
    return taps / taps.sum()


def pad_for_filters(x: Tensor, spare: int = 0) -> Tensor:
    """Pad by 5 samples at the start and 5 + `spare` at the end, in the memory format that is fastest for the filters.

    On a CPU, tensors with few channels become channels-last, which speeds up depthwise filters by a factor of two to
    nine, and dense convolutions by up to four. With many channels, reordering the weights on every call costs more time
    than is saved.

    Shape:
        x        [B, C, T]
        returns  [B, C, 1, T + 10 + spare]
    """
    padded = F.pad(x, (_FILTER_CONTEXT, _FILTER_CONTEXT + spare))[:, :, None]
    is_narrow = x.shape[1] <= _MAX_CHANNELS_LAST
    return padded.contiguous(memory_format=torch.channels_last) if is_narrow and x.device.type == "cpu" else padded


def replicate_ends(x: Tensor, ends: Ends) -> Tensor:
    """Fill the five samples beyond both ends of every row with its end sample, in place. Shape: [B, C, 1, T + 10]."""
    flat = x[:, :, 0]
    if ends.is_first:
        flat[:, :, :_FILTER_CONTEXT] = flat[:, :, _FILTER_CONTEXT : _FILTER_CONTEXT + 1].clone()
    if ends.lengths is not None:
        _write_past_ends(
            flat, ends.lengths + _FILTER_CONTEXT, _FILTER_CONTEXT, _pick(flat, ends.lengths + _FILTER_CONTEXT - 1)
        )
    return x


def zero_past_ends(x: Tensor, lengths: Tensor, n_samples: int) -> Tensor:
    """Set the first `n_samples` samples past each row's end to zero, in place, as for "same" padding of each row alone.

    Shape:
        x        [B, C, T] with T at least the longest row plus `n_samples`
        lengths  [B], valid samples of each row
    """
    _write_past_ends(x, lengths, n_samples, x.new_zeros(()))
    return x


def _write_past_ends(x: Tensor, first: Tensor, n_samples: int, value: Tensor) -> None:
    rows = torch.arange(len(x), device=x.device)[:, None]
    positions = first[:, None] + torch.arange(n_samples, device=x.device)
    x[rows, :, positions] = value


def _pick(x: Tensor, positions: Tensor) -> Tensor:
    """Pick one sample of every row. Shape: x [B, C, T], positions [B] -> [B, 1, C]."""
    return x[torch.arange(len(x), device=x.device), :, positions][:, None]


class AntiAliasedSnake(nn.Module):
    """Activation x + sin^2(a x) / b at twice the rate, between polyphase filters, which avoid multiplying zeros.

    Upsampling computes the even samples with one half of the taps and the odd samples with the other half; downsampling
    reads them in the same way. Both ends are replicated, at both rates. As sin^2 is (1 - cos) / 2, only one cosine
    remains between the filters: the taps of the first filter are scaled so that it computes the argument 2 a x, those
    of the second filter remove the scale, and the constant is unchanged since the taps sum to one.

    Shape:
        x        [B, C, T]
        lengths  [B]
        returns  [B, C, T]; samples past a row's end are undefined
    """

    early: Tensor
    late: Tensor

    CONTEXT_SAMPLES = 5
    """Receptive field to either side, in samples."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.log_frequency = nn.Parameter(torch.zeros(channels))
        self.log_sharpness = nn.Parameter(torch.zeros(channels))
        taps = kaiser_sinc()
        self.register_buffer("early", taps[0::2].expand(channels, 1, -1).contiguous(), persistent=False)
        self.register_buffer("late", taps[1::2].expand(channels, 1, -1).contiguous(), persistent=False)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        ends = Ends(lengths)
        return self.wave(replicate_ends(pad_for_filters(x), ends), ends)[:, :, 0]

    def wave(self, x: Tensor, ends: Ends) -> Tensor:
        """Apply the activation to the output of `replicate_ends`. Shape: [B, C, 1, T + 10] -> [B, C, 1, T]."""
        channels = x.shape[1]
        frequency = self.log_frequency.exp()
        angle, depth = 2 * frequency[:, None, None, None], frequency / (self.log_sharpness.exp() + _EPSILON)
        early, late = self.early[:, :, None], self.late[:, :, None]
        # Index s is sample s - 2 of the even phase and sample s - 3 of the odd one: [B, C, 1, T + 5].
        even = _scaled_snake(F.conv2d(x, 2 * angle * late.flip(-1), groups=channels), depth[:, None, None])
        odd = _scaled_snake(F.conv2d(x, 2 * angle * early.flip(-1), groups=channels), depth[:, None, None])
        _replicate_phase_ends(even[:, :, 0], odd[:, :, 0], ends)
        waves = F.conv2d(even, late / angle, depth / angle[:, 0, 0, 0], groups=channels)
        return waves.add_(F.conv2d(odd, early / angle, groups=channels))


def _replicate_phase_ends(even: Tensor, odd: Tensor, ends: Ends) -> None:
    """Replicate both ends of every row at the doubled rate, in place. Shape: [B, C, T + 5]."""
    if ends.is_first:
        start = even[:, :, 2:3].clone()
        even[:, :, :2] = start
        odd[:, :, :3] = start
    if ends.lengths is not None:
        end = _pick(odd, ends.lengths + 2)
        _write_past_ends(even, ends.lengths + 2, 3, end)
        _write_past_ends(odd, ends.lengths + 3, 2, end)


def _scaled_snake(angle: Tensor, depth: Tensor) -> Tensor:
    """Scaled snake 2 a (x + sin^2(a x) / b) - a / b, computed from the angle 2 a x.

    Shape: [B, C, 1, T], depth [C, 1, 1].
    """
    return torch.addcmul(angle, angle.cos(), depth, value=-1)


class AntiAliasedBlock(nn.Module):
    """Residual layers, each of a snake, a dilated convolution, a snake and an undilated convolution.

    Shape:
        x        [B, C, 1, T + 10]  from `pad_for_filters` with `spare` >= `tail`, after `replicate_ends`
        returns  [B, C, 1, T + 10]  with replicated ends; samples beyond them are undefined
    """

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        half = kernel // 2
        self.tail = half * max(dilations)
        """Number of samples that the widest convolution reads past a row's end."""
        self.context_samples = sum(
            half * (dilation + 1) + 2 * AntiAliasedSnake.CONTEXT_SAMPLES for dilation in dilations
        )
        """Receptive field to either side, in samples."""
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
                zero_past_ends(y[:, :, 0], ends.lengths, self.tail)
            y = convolve(convolution, y, spare=_FILTER_CONTEXT)
            if index % 2:
                x = y = y.add_(x)
            replicate_ends(y, ends)
        return x


def convolve(layer: nn.Module, x: Tensor, spare: int = 0) -> Tensor:
    """Apply a `Conv1d` with `spare` more output samples at either end. Shape: [B, C, 1, T] -> [B, C', 1, any]."""
    assert isinstance(layer, nn.Conv1d)
    padding, (dilation,) = int(layer.padding[0]) + spare, layer.dilation
    return F.conv2d(x, layer.weight[:, :, None], layer.bias, padding=(0, padding), dilation=(1, dilation))


def mean_of_blocks(blocks: Sequence[nn.Module], x: Tensor, ends: Ends) -> Tensor:
    """Mean of the outputs of `AntiAliasedBlock`s with different kernels; shapes as in `AntiAliasedBlock`."""
    first, *others = (block(x, ends) for block in blocks)
    for other in others:
        first = first.add_(other)
    result: Tensor = first / len(blocks)
    return result


def max_context(blocks: Sequence[nn.Module]) -> int:
    """Receptive field of `mean_of_blocks` to either side, in samples: that of the widest block."""
    return max(block.context_samples for block in blocks if isinstance(block, AntiAliasedBlock))


class AntiAliasedBlocks(nn.Module):
    """Mean of blocks with different kernels.

    Shape:
        x        [B, C, T]  zero past a row's end
        lengths  [B]
        returns  [B, C, T]  zero past a row's end
    """

    def __init__(self, channels: int, kernels: tuple[int, ...], dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(AntiAliasedBlock(channels, kernel, dilations) for kernel in kernels)
        self._tail = max(kernels) // 2 * max(dilations)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        halo = max_context(tuple(self.blocks))
        return apply_in_windows(self._mean, x, lengths, halo) * frame_mask(lengths, x.shape[-1])

    def _mean(self, x: Tensor, ends: Ends) -> Tensor:
        padded = replicate_ends(pad_for_filters(x, self._tail), ends)
        return mean_of_blocks(tuple(self.blocks), padded, ends)[
            :, :, 0, _FILTER_CONTEXT : _FILTER_CONTEXT + x.shape[-1]
        ]


def snake_names() -> NameTable:
    """Name table of `AntiAliasedSnake`; the published checkpoints store the filters too."""
    return (
        Rename(r"act\.alpha", "log_frequency"),
        Rename(r"act\.beta", "log_sharpness"),
        Constant(r"(?:upsample|downsample\.lowpass)\.filter", kaiser_sinc()[None, None]),
    )


def block_names() -> NameTable:
    """Name table of `AntiAliasedBlock`."""
    return (
        Rename(r"convs1\.(.+)", r"dilated.\1"),
        Rename(r"convs2\.(.+)", r"plain.\1"),
        *with_prefix(r"activations\.(\d+)", r"snakes.\1", snake_names()),
    )
