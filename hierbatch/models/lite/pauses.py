"""Pauses at word boundaries without punctuation, predicted from the encoded words.

Regression predicts a word boundary's typical duration, which is none: readers pause at one in ten, and less
often where there is punctuation. The predictor gives the probability of a pause at each boundary. The most likely
boundaries, as many as are expected in the sentence, become commas, so that the rest of the text side pronounces them as
ends of phrases.

Legend: B batch, N symbols, K words, C channels, P phrase features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from hierbatch.frontend.phonemes import PhonemeIds
from hierbatch.frontend.symbols import SEPARATORS, SYMBOL_IDS, WORD_BOUNDARY
from hierbatch.models.convnext import ConvNeXtStack, length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.word_prosody import SILENT_SYMBOLS
from hierbatch.models.prosody.words import mean_by_word, stack_words, word_of_symbols

N_PHRASE_FEATURES = 4
_WIDTH = 64
_BLOCKS = 3
_KERNEL = 5
_BOUNDARY, _COMMA = SYMBOL_IDS[WORD_BOUNDARY], SYMBOL_IDS[","]
_SEPARATOR_IDS = [SYMBOL_IDS[symbol] for symbol in SEPARATORS]


@dataclass(frozen=True, slots=True)
class PauseInputs:
    """Input of the predictor for a batch of sentences. Shape: words [B, K, C], features [B, K, P], lengths [B]."""

    words: Tensor
    features: Tensor
    lengths: Tensor

    @staticmethod
    def from_ids(ids: Sequence[PhonemeIds], hidden: Tensor) -> PauseInputs:
        """Words and phrase features of encoded sentences. Shape: hidden [B, N, C]."""
        rows = [word_of_symbols(row.symbols, SILENT_SYMBOLS) for row in ids]
        words, lengths = mean_by_word(
            hidden.float(), torch.from_numpy(stack_words(rows, hidden.shape[1])).to(hidden.device)
        )
        features = pad_sequence([torch.from_numpy(phrase_features(row.symbols)) for row in ids], batch_first=True)
        return PauseInputs(words, features.to(hidden.device), lengths)


class PausePredictor(nn.Module):
    """Network for the probability of a pause after each word."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.stack = ConvNeXtStack(config.text_width + N_PHRASE_FEATURES, _WIDTH, 1, n_blocks=_BLOCKS, kernel=_KERNEL)

    def forward(self, inputs: PauseInputs) -> Tensor:
        """Predict logits of a pause after each word. Shape: returns [B, K]."""
        mask = length_mask(inputs.lengths, inputs.words.shape[1])[..., None]
        logits: Tensor = self.stack(torch.cat([inputs.words, inputs.features], dim=-1), mask)[..., 0]
        return logits


def separators_after_words(symbols: Sequence[int]) -> npt.NDArray[np.int64]:
    """Index of the separator after each word. Shape: returns [K]."""
    return np.flatnonzero(np.isin(symbols, _SEPARATOR_IDS)).astype(np.int64)


def phrase_features(symbols: Sequence[int]) -> npt.NDArray[np.float32]:
    """Position of each word between punctuation marks: phones back and ahead, punctuation or none, phones in all.

    Shape:
        returns  [K, P]
    """
    separators = separators_after_words(symbols)
    is_mark = np.array(symbols)[separators] != _BOUNDARY
    ends = separators - np.arange(len(separators)) - 1  # phones up to the end of each word
    marks = np.concatenate([[0], ends[is_mark]])
    before = np.searchsorted(marks[1:], ends, side="left")
    back, ahead = ends - marks[before], marks[np.minimum(before + 1, len(marks) - 1)] - ends
    total = np.full(len(ends), ends[-1] if len(ends) else 0)
    columns = (np.log1p(back) - 3, np.log1p(ahead) - 3, is_mark, np.log1p(total) - 4)
    return np.stack(columns, axis=1).astype(np.float32)


def insert_pauses(ids: PhonemeIds, logits: npt.NDArray[np.float32], rate: float) -> PhonemeIds:
    """Replace the most likely word boundaries with commas, as many as pauses are expected in the sentence.

    Args:
        ids: symbols of a sentence; its punctuation is kept.
        logits: logits of a pause after each word.
        rate: factor on the expected number of pauses; 0 for none.

    Shape:
        logits  [K]  values of padding at the end are ignored
    """
    separators = separators_after_words(ids.symbols)
    is_open = np.array(ids.symbols)[separators] == _BOUNDARY
    places, logits = separators[is_open], logits[: len(separators)][is_open]
    n_pauses = int(rate * (1 / (1 + np.exp(-logits.astype(np.float64)))).sum() + 0.5)
    pauses = places[np.argsort(-logits, kind="stable")[:n_pauses]]
    symbols = np.array(ids.symbols)
    symbols[pauses] = _COMMA
    return replace(ids, symbols=tuple(symbols.tolist()))
