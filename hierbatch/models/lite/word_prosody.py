"""Sampled prosody of Lite: F0 contours and durations of words drawn from the prosody network.

Legend: B batch, N symbols, K words, D values per word, M pitch frames (100/s), C channels, S style.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.pitch import fill_unvoiced
from hierbatch.constants import MELS_PER_FRAME
from hierbatch.frontend.phonemes import PhonemeIds
from hierbatch.frontend.symbols import SEPARATORS, START, SYMBOL_IDS
from hierbatch.models.device_placement import to_array
from hierbatch.models.lite.text_to_vector import PredictedFrames
from hierbatch.models.prosody.config import N_VALUES
from hierbatch.models.prosody.contours import project_words, render_words
from hierbatch.models.prosody.network import ProsodyNetwork, ProsodyNoise, WordBatch
from hierbatch.models.prosody.words import mean_by_word, stack_words, sum_by_word, word_bounds, word_of_symbols

SILENT_SYMBOLS = frozenset(SYMBOL_IDS[symbol] for symbol in ("<pad>", START, *SEPARATORS))
_NOISE_STREAM = 2
"""Second part of the seed, by which the noise of the prosody differs from that of the vocoder."""


@dataclass(frozen=True, slots=True)
class SampledProsody:
    """Sampled values of the words of a batch.

    Shape:
        words       [B, N]     index of each symbol's word, -1 for none
        values      [B, K, D]
        is_sampled  [B]        False for rows that keep their predicted prosody
    """

    words: Tensor
    values: Tensor
    is_sampled: Tensor

    def scale_durations(self, log_durations: Tensor, share: float = 1.0) -> Tensor:
        """Scale the predicted durations of the words by the sampled ratios.

        Args:
            log_durations: log(1 + frames) of each symbol.
            share: exponent applied to the sampled ratios, 0 to 1.

        Shape:
            log_durations  [B, N] -> [B, N]
        """
        ratios = torch.exp(share * self.is_sampled[:, None] * self.values[..., -1])
        of_symbols = ratios.gather(1, self.words.clamp_min(0))
        frames = torch.expm1(log_durations).clamp_min(0.0)
        return torch.log1p(frames * torch.where(self.words >= 0, of_symbols, torch.ones_like(of_symbols)))

    def replace_contours(self, predicted: PredictedFrames, durations: Tensor) -> PredictedFrames:
        """Replace the F0 contours of the words with sampled ones; the fine structure of the predicted contours stays.

        Shape:
            durations  [B, N]  frames of each symbol
        """
        log_f0, words, frames = (to_array(x) for x in (predicted.log_f0, self.words, durations))
        values = to_array(self.values)
        changes = np.zeros_like(log_f0)
        for row in self.is_sampled.nonzero()[:, 0].tolist():
            bounds = word_bounds(words[row].astype(np.int64), frames[row].astype(np.int64)) * MELS_PER_FRAME
            n_frames = int(frames[row].sum()) * MELS_PER_FRAME
            own = project_words(log_f0[row], bounds)
            changes[row, :n_frames] = render_words(values[row, : len(bounds), :-1] - own, bounds, n_frames)
        changed = predicted.log_f0 + torch.from_numpy(changes).to(predicted.log_f0)
        return PredictedFrames(predicted.semantic, changed, predicted.voicing)


def sample_prosody(
    network: ProsodyNetwork,
    ids: Sequence[PhonemeIds],
    hidden: Tensor,
    style: Tensor,
    seeds: Sequence[int],
    temperatures: Sequence[float],
    is_sampled: Sequence[bool],
) -> SampledProsody:
    """Draw the prosody of sentences; each row depends on its own seed alone.

    Args:
        network: prosody network.
        ids: symbols of each sentence.
        hidden: encoded symbols.
        style: style vectors of the text side.
        seeds: seed of each row.
        temperatures: scale of each row's noise; 0 gives the most likely prosody, 1 the variation of recordings.
        is_sampled: False for rows that keep their predicted prosody.

    Shape:
        hidden  [B, N, C]
        style   [B, S]
    """
    rows = [word_of_symbols(row.symbols, SILENT_SYMBOLS) for row in ids]
    words = torch.from_numpy(stack_words(rows, hidden.shape[1])).to(hidden.device)
    text, lengths = mean_by_word(hidden.float(), words)
    generators = [np.random.default_rng((seed, _NOISE_STREAM)) for seed in seeds]
    noise = ProsodyNoise.sample(
        network.config, generators, text.shape[1], temperatures=temperatures, device=hidden.device
    )
    values = network(WordBatch(text, lengths, style.float()), noise)
    return SampledProsody(words, values, torch.tensor(list(is_sampled), device=hidden.device))


def recorded_values(
    ids: PhonemeIds, durations: np.ndarray, predicted_frames: np.ndarray, f0_hz: np.ndarray, median_hz: float
) -> np.ndarray:
    """Recorded values of each word for training: F0 contour, and log ratio of recorded to predicted duration.

    Args:
        ids: symbols of the sentence.
        durations: recorded frames of each symbol.
        predicted_frames: predicted frames of each symbol, not rounded.
        f0_hz: recorded F0, 0 where unvoiced.
        median_hz: median F0 of the speaker.

    Shape:
        durations, predicted_frames  [N]
        f0_hz                        [M]
        returns                      [K, D]
    """
    words = word_of_symbols(ids.symbols, SILENT_SYMBOLS)
    bounds = word_bounds(words, durations.astype(np.int64))
    log_f0 = np.log(fill_unvoiced(f0_hz) / median_hz).astype(np.float32)
    values = np.zeros((len(bounds), N_VALUES), np.float32)
    values[:, :-1] = project_words(log_f0, bounds * MELS_PER_FRAME)
    actual, predicted = (np.maximum(sum_by_word(words, frames), 0.5) for frames in (durations, predicted_frames))
    values[:, -1] = np.log(actual / predicted)
    return values
