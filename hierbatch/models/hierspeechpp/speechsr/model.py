"""SpeechSR: bandwidth extension from 16 kHz (HierSpeech++, Lee et al. 2023, section III-D).

Legend: B batch, C channels, N samples at 16 kHz, M samples at the higher rate.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.models.hierspeechpp.blocks.anti_aliased import (
    AntiAliasedBlock,
    AntiAliasedSnake,
    convolve,
    max_context,
    mean_of_blocks,
    pad_for_filters,
    replicate_ends,
    zero_past_ends,
)
from hierbatch.models.hierspeechpp.blocks.masks import frame_mask
from hierbatch.models.hierspeechpp.blocks.windows import Ends, apply_in_windows
from hierbatch.models.hierspeechpp.speechsr.config import SpeechSRConfig
from hierbatch.models.hierspeechpp.speechsr.interpolation import interpolate_linear, interpolated_length


class SpeechSR(nn.Module):
    """SpeechSR: a convolution at 16 kHz, linear interpolation, and the mean of blocks at the higher rate.

    A row's output is independent of the batch.
    """

    def __init__(self, config: SpeechSRConfig) -> None:
        super().__init__()
        self.config = config
        half = config.edge_kernel // 2
        self.input_projection = nn.Conv1d(1, config.channels, config.edge_kernel, padding=half)
        blocks = [AntiAliasedBlock(config.channels, kernel, config.dilations) for kernel in config.block_kernels]
        self.blocks = nn.ModuleList(blocks)
        self.last_snake = AntiAliasedSnake(config.channels)
        self.output_projection = nn.Conv1d(config.channels, 1, config.edge_kernel, padding=half, bias=False)
        self._tail = max(half, *(block.tail for block in blocks))

    def forward(self, sound: Tensor, lengths: Tensor | None = None, *, has_exact_positions: bool = True) -> Tensor:
        """Extend every row to the higher rate, with zeros past its end.

        Args:
            sound: 16 kHz samples in [-1, 1].
            lengths: number of samples in each row at 16 kHz, at least one; full rows by default.
            has_exact_positions: False to interpolate as the published code does, whose positions drift with the length
                of the sound; only for comparison with that code.

        Shape:
            sound    [B, 1, N]
            lengths  [B]
            returns  [B, 1, M]
        """
        counts = [sound.shape[-1]] * len(sound) if lengths is None else lengths.tolist()
        is_within = torch.arange(sound.shape[-1]) < torch.tensor(counts)[:, None]
        x = self.input_projection(sound * is_within[:, None].to(sound.device))
        x, lengths = self._interpolate(x, counts, has_exact_positions)
        halo = max_context(tuple(self.blocks)) + AntiAliasedSnake.CONTEXT_SAMPLES + self.config.edge_kernel // 2
        return apply_in_windows(self._synthesize, x, lengths, halo) * frame_mask(lengths, x.shape[-1])

    def _synthesize(self, x: Tensor, ends: Ends) -> Tensor:
        """Run the layers at the higher rate. Shape: [B, C, M] -> [B, 1, M]."""
        n_samples = x.shape[-1]
        x = replicate_ends(pad_for_filters(x, self._tail), ends)
        x = self.last_snake.wave(replicate_ends(mean_of_blocks(tuple(self.blocks), x, ends), ends), ends)
        if ends.lengths is not None:
            zero_past_ends(x[:, :, 0], ends.lengths, self._tail)
        return torch.tanh(convolve(self.output_projection, x))[:, :, 0, :n_samples]

    def _interpolate(self, x: Tensor, counts: list[int], has_exact_positions: bool) -> tuple[Tensor, Tensor]:
        """Interpolate every row separately. Shape: [B, C, N] -> [B, C, M], and the new lengths [B]."""
        ends = [interpolated_length(count, self.config.ratio) for count in counts]
        output = x.new_zeros(len(x), x.shape[1], max(ends))
        for row, (count, end) in enumerate(zip(counts, ends, strict=True)):
            samples = x[row, :, :count]
            if has_exact_positions:
                output[row, :, :end] = interpolate_linear(samples, self.config.ratio)
            else:
                output[row, :, :end] = F.interpolate(samples[None], size=end, mode="linear")[0]
        return output, torch.tensor(ends, device=x.device)
