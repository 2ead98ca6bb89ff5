"""Words of symbol sequences: which symbol belongs to which word, and where a word begins and ends.

Legend: B batch, N symbols, K words, C channels.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hierbatch.models.prosody.contours import Bounds

NO_WORD = -1
"""Word index of separators, of the start symbol and of padding."""


def word_of_symbols(symbols: Sequence[int], silent: Collection[int]) -> npt.NDArray[np.int64]:
    """Index of the word of each symbol, `NO_WORD` for those in `silent`. Shape: returns [N]."""
    is_word = np.array([symbol not in silent for symbol in symbols], bool)
    starts = is_word & ~np.concatenate([[False], is_word[:-1]])
    return np.where(is_word, np.cumsum(starts) - 1, NO_WORD)


def stack_words(rows: Sequence[npt.NDArray[np.int64]], n_symbols: int) -> npt.NDArray[np.int64]:
    """Pad rows of `word_of_symbols` to a batch. Shape: returns [B, n_symbols]."""
    batch = np.full((len(rows), n_symbols), NO_WORD, np.int64)
    for target, row in zip(batch, rows, strict=True):
        target[: len(row)] = row
    return batch


def mean_by_word(hidden: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of the encoded symbols of each word, and the number of words of each row.

    Args:
        hidden: encoded symbols.
        words: index of each symbol's word.

    Shape:
        hidden   [B, N, C]
        words    [B, N]
        returns  [B, K, C] with at least one word, zero for padding, and the number of words [B]
    """
    lengths = words.amax(1) + 1
    n_words = max(1, int(lengths.max()))
    is_member = (words[:, None] == torch.arange(n_words, device=words.device)[:, None]).to(hidden.dtype)
    counts = is_member.sum(-1, keepdim=True).clamp_min(1)
    return is_member @ hidden / counts, lengths


def word_bounds(words: npt.NDArray[np.int64], durations: npt.NDArray[np.int64]) -> Bounds:
    """First and end frame of each word, given the frames of each symbol. Shape: [N], [N] -> [K, 2]."""
    ends = np.cumsum(durations)
    members = np.flatnonzero(words >= 0)
    numbers = np.arange(count_words(words))
    first = members[np.searchsorted(words[members], numbers)]
    last = members[np.searchsorted(words[members], numbers, side="right") - 1]
    return np.stack([ends[first] - durations[first], ends[last]], axis=1)


def sum_by_word(words: npt.NDArray[np.int64], values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Sum of the symbols' values in each word. Shape: [N], [N] -> [K]."""
    is_word = words >= 0
    sums = np.bincount(words[is_word], weights=values[is_word], minlength=count_words(words))
    return sums.astype(np.float64, copy=False)


def count_words(words: npt.NDArray[np.int64]) -> int:
    """Number of words of a symbol sequence."""
    return int(words.max(initial=NO_WORD)) + 1
