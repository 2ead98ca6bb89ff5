"""Hierarchical TTV: F0 contours and durations of words from the prosody network.

The HierSpeech++ authors announced a hierarchical TTV without describing it; this design is our own. The stochastic
duration predictor divides a word's sampled duration among its symbols. Sampled contours replace the predicted ones; the
fine structure and the voicing of the predicted pitch stay.

Legend: B batch, N symbols with blanks, K words, T frames (50/s), D values of a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hierbatch.audio.pitch import fill_unvoiced
from hierbatch.models.device_placement import to_array
from hierbatch.models.hierspeechpp.text_to_vector.model import TextPrior
from hierbatch.models.prosody.config import N_VALUES
from hierbatch.models.prosody.contours import project_words, render_words
from hierbatch.models.prosody.network import WordBatch
from hierbatch.models.prosody.words import mean_by_word, sum_by_word, word_bounds

F0_PER_FRAME = 4
_ROUNDING_FRAMES = 0.5
"""Mean increase of a symbol's duration by rounding up."""
_MIN_WORD_FRAMES = 1.0
_MIN_VOICED_HZ = 40.0


def encode_words(prior: TextPrior, words: Tensor, style: Tensor) -> WordBatch:
    """Average encoded texts by word; no gradient flows to text and style. Shape: words [B, N], style [B, S]."""
    text, lengths = mean_by_word(prior.hidden.detach().float().transpose(1, 2), words)
    return WordBatch(text, lengths, style.detach().float())


def recorded_values(
    words: npt.NDArray[np.int64], frames: npt.NDArray[np.int64], f0_hz: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Values of each word: F0 contour relative to the recording's median log F0, and log of the frames per symbol.

    Args:
        words: index of each symbol's word.
        frames: aligned frames of each symbol.
        f0_hz: F0, 0 where unvoiced.

    Shape:
        words, frames  [N]
        f0_hz          [4 T]
        returns        [K, D]
    """
    bounds = word_bounds(words, frames)
    values = np.zeros((len(bounds), N_VALUES), np.float32)
    values[:, :-1] = project_words(relative_log_f0(f0_hz), bounds * F0_PER_FRAME)
    n_symbols = sum_by_word(words, np.ones(len(words)))
    values[:, -1] = np.log(np.maximum(sum_by_word(words, frames), _MIN_WORD_FRAMES) / n_symbols)
    return values


def scale_word_durations(log_durations: Tensor, words: npt.NDArray[np.int64], values: Tensor) -> Tensor:
    """Scale the durations of symbols so that each word, after they are rounded up, has about its sampled duration.

    Args:
        log_durations: natural log of the symbols' durations in frames.
        words: index of each symbol's word.
        values: sampled values of the words.

    Shape:
        log_durations  [1, 1, N]
        words          [N]
        values         [K, D]
    """
    n_symbols = sum_by_word(words, np.ones(len(words)))
    wanted = np.maximum((np.exp(to_array(values[:, -1])) - _ROUNDING_FRAMES) * n_symbols, _MIN_WORD_FRAMES)
    change = np.log(wanted / sum_by_word(words, np.exp(to_array(log_durations[0, 0]))))
    of_symbols = np.where(words >= 0, change[words], 0.0).astype(np.float32)
    return log_durations + torch.from_numpy(of_symbols).to(log_durations)


def replace_contours(
    log_f0: Tensor, frames: Tensor, words: Sequence[npt.NDArray[np.int64]], values: Sequence[Tensor]
) -> Tensor:
    """Replace the F0 contours of the words with sampled ones; fine structure and voicing stay.

    Args:
        log_f0: predicted ln(F0 in Hz + 1), about 0 where unvoiced.
        frames: frames of each symbol.
        words: index of each symbol's word, for each row.
        values: sampled values of the words, for each row.

    Shape:
        log_f0   [B, 1, 4 T]
        frames   [B, 1, N]
        values   each [K, D]
        returns  [B, 1, 4 T]
    """
    changed = log_f0.clone()
    for row, (row_words, row_values) in enumerate(zip(words, values, strict=True)):
        durations = to_array(frames[row, 0, : len(row_words)]).astype(np.int64)
        n_values = int(durations.sum()) * F0_PER_FRAME
        f0_hz = np.expm1(to_array(log_f0[row, 0, :n_values]))
        is_voiced = f0_hz > _MIN_VOICED_HZ
        if not is_voiced.any():
            continue
        bounds = word_bounds(row_words, durations) * F0_PER_FRAME
        own = project_words(relative_log_f0(np.where(is_voiced, f0_hz, 0.0)), bounds)
        change = render_words(to_array(row_values)[:, :-1] - own, bounds, n_values)
        new = np.where(is_voiced, np.log1p(f0_hz * np.exp(change)), np.log1p(f0_hz)).astype(np.float32)
        changed[row, 0, :n_values] = torch.from_numpy(new).to(log_f0)
    return changed


def relative_log_f0(f0_hz: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Log F0 relative to its median, interpolated through unvoiced frames. Shape: [4 T] -> [4 T]."""
    filled = fill_unvoiced(f0_hz.astype(np.float32))
    voiced_hz = f0_hz[f0_hz > 0]
    relative: npt.NDArray[np.float32] = np.log(filled / (np.median(voiced_hz) if len(voiced_hz) else filled[0])).astype(
        np.float32
    )
    return relative
