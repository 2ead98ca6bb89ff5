"""Text to vector: phonemes and a style to durations, semantic vectors and F0 (HierSpeech++ section III-C, reduced).

Legend: B batch, N symbols (START first), T frames (50/s), 2T pitch frames (100/s), C channels, S style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.constants import MELS_PER_FRAME
from hierbatch.frontend.phonemes import PhonemeIds
from hierbatch.models.convnext import ConvNeXtStack, length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.korean_onsets import aspirate_onsets
from hierbatch.models.lite.style import LiteStyleEncoder

_POSITION_CHANNELS = 3
F0_SCALE = 4.0
"""Network units per unit of natural-log F0, whose standard deviation in speech is about a quarter."""


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Phoneme ids of a batch.

    Shape:
        symbols, stress  [B, N]  long
        language         [B]     long
        lengths          [B]     symbols of each row
    """

    symbols: Tensor
    stress: Tensor
    language: Tensor
    lengths: Tensor

    @staticmethod
    def from_ids(ids: Sequence[PhonemeIds], device: str) -> TextBatch:
        """Stack rows of ids, zero-padded."""

        def pad(rows: list[tuple[int, ...]]) -> Tensor:
            tensors = [torch.tensor(row) for row in rows]
            return nn.utils.rnn.pad_sequence(tensors, batch_first=True).to(device)

        return TextBatch(
            symbols=pad([row.symbols for row in ids]),
            stress=pad([row.stress for row in ids]),
            language=torch.tensor([row.language for row in ids], device=device),
            lengths=torch.tensor([len(row.symbols) for row in ids], device=device),
        )


@dataclass(frozen=True, slots=True)
class PredictedFrames:
    """Output of the frame decoder.

    Shape:
        semantic     [B, T, semantic_channels]
        log_f0       [B, 2T]  natural log relative to the speaker's median
        voicing      [B, 2T]  logits
    """

    semantic: Tensor
    log_f0: Tensor
    voicing: Tensor


class LiteTextToVector(nn.Module):
    """Text-to-vector network of Lite; durations are predicted as log(1 + frames) per symbol, separators included."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        width, styles = config.text_width, config.style_channels
        self.semantic_channels = config.semantic_channels
        self.onset_aspiration = 0.0
        """Shift of word-initial Korean plain stops towards aspirated ones, 0 to 1."""
        self.style = LiteStyleEncoder(config)
        self.symbol = nn.Embedding(config.n_symbols, width)
        self.stress = nn.Embedding(3, width)
        self.language = nn.Embedding(config.n_languages, width)
        stack = {"kernel": config.kernel, "style_channels": styles}
        self.text = ConvNeXtStack(width, width, width, n_blocks=config.text_blocks, **stack)
        self.duration = ConvNeXtStack(width, width, 1, n_blocks=config.duration_blocks, **stack)
        self.decoder = ConvNeXtStack(
            width + _POSITION_CHANNELS,
            config.prosody_width,
            config.semantic_channels + 2 * MELS_PER_FRAME,
            n_blocks=config.prosody_blocks,
            kernel=config.kernel + 2,
            style_channels=styles,
        )

    def encode(self, text: TextBatch, style: Tensor) -> Tensor:
        """Encode phonemes. Shape: [B, N] ids -> [B, N, C]."""
        x = self.symbol(text.symbols) + self.stress(text.stress) + self.language(text.language)[:, None]
        if self.onset_aspiration:
            x = x + aspirate_onsets(text.symbols, text.language, self.symbol.weight, self.onset_aspiration)
        hidden: Tensor = self.text(x, _symbol_mask(text), style)
        return hidden

    def log_durations(self, hidden: Tensor, text: TextBatch, style: Tensor) -> Tensor:
        """Predict log(1 + frames) of each symbol. Shape: hidden [B, N, C], style [B, S] -> [B, N]."""
        predicted: Tensor = self.duration(hidden, _symbol_mask(text), style)[..., 0]
        return predicted

    def decode(self, hidden: Tensor, durations: Tensor, style: Tensor) -> PredictedFrames:
        """Decode symbols that last `durations` frames each. Shape: hidden [B, N, C], durations [B, N]."""
        frames, mask = expand_to_frames(hidden, durations)
        out = self.decoder(frames, mask, style)
        semantic, f0, voicing = out.split([self.semantic_channels, MELS_PER_FRAME, MELS_PER_FRAME], dim=-1)
        return PredictedFrames(semantic, f0.flatten(1) / F0_SCALE, voicing.flatten(1))


def _symbol_mask(text: TextBatch) -> Tensor:
    return length_mask(text.lengths, text.symbols.shape[1])[..., None]


def expand_to_frames(hidden: Tensor, durations: Tensor) -> tuple[Tensor, Tensor]:
    """Repeat each symbol's vector for its duration and append three position features.

    The features are the relative position in the symbol, the frames since the symbol's start, and its log duration.

    Shape:
        hidden     [B, N, C]
        durations  [B, N]  long, zero for padding
        returns    [B, T, C + 3], mask [B, T, 1] with T the longest row's total
    """
    ends = durations.cumsum(1)
    totals = ends[:, -1]
    longest = int(totals.max())
    clock = torch.arange(longest, device=hidden.device).expand(len(hidden), -1).contiguous()  # [B, T]
    owner = torch.searchsorted(ends, clock, right=True).clamp_max(durations.shape[1] - 1)
    mask = length_mask(totals, longest)[..., None]
    width = durations.gather(1, owner).clamp_min(1).float()
    since = (clock - (ends - durations).gather(1, owner)).float()
    position = torch.stack([(since + 0.5) / width, since.clamp_max(20) / 10.0, torch.log1p(width) - 1.6], dim=-1)
    frames = hidden.gather(1, owner[..., None].expand(-1, -1, hidden.shape[-1]))
    return torch.cat([frames, position], dim=-1) * mask, mask


def round_durations(log_durations: Tensor, lengths: Tensor, speed: Tensor) -> Tensor:
    """Round predicted durations to whole frames; rounding errors carry over to the next symbol, so the pace is kept.

    Args:
        log_durations: predicted log(1 + frames).
        lengths: symbols of each row.
        speed: scale factor for the speaking rate; 1 keeps that of the model.

    Shape:
        log_durations  [B, N]
        lengths        [B]
        speed          [B]
        returns        [B, N] long
    """
    mask = length_mask(lengths, log_durations.shape[1])
    real = torch.expm1(log_durations).clamp_min(0.0) / speed[:, None] * mask
    ends = torch.round(real.cumsum(1)).long()
    durations = torch.diff(ends, dim=1, prepend=torch.zeros_like(ends[:, :1]))
    return F.relu(durations) * mask
