"""Batches of the text-to-vector network from prepared speech.

Legend: B batch, C channels, N symbols with blanks, T frames (50/s).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hierbatch.audio.style_mel import StyleMel
from hierbatch.errors import TextError
from hierbatch.models.hierspeechpp.text_to_vector.training import SLICE_FRAMES, TrainingBatch
from hierbatch.models.hierspeechpp.vocabulary import symbol_ids_with_blanks, words_with_blanks
from hierbatch.models.prosody.network import ProsodyNoise
from hierbatch.models.prosody.words import count_words, stack_words
from hierbatch.training.hierspeechpp.speech_data import (
    PreparedSpeech,
    RowPosition,
    SpeechData,
    f0_values_of,
    pad_rows,
    samples_of,
)
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining
from hierbatch.training.prepared import PreparedUtterance
from hierbatch.training.trainer.precision import full_precision


@dataclass(frozen=True, slots=True, kw_only=True)
class TextToVectorBatch:
    """Rows of this process with their noise, and their shares of the rows, frames and symbols of the whole step.

    Shape:
        latent_noise    [B, C, T]
        duration_noise  [B, 2, N]
    """

    inputs: TrainingBatch
    latent_noise: Tensor
    duration_noise: Tensor
    row_share: float
    frame_share: float
    token_share: float
    prosody_noise: ProsodyNoise | None = None
    """Noise of the prosody network, if there is one."""
    word_share: float = 0.0


class TextToVectorBatches:
    """Usable utterances of a prepared set, loaded as batches."""

    def __init__(self, config: TextToVectorTraining, prepared: PreparedSpeech, device: torch.device) -> None:
        """Select the utterances.

        Args:
            config: hyperparameters and limits.
            prepared: prepared speech with phonemes.
            device: device of the batches.

        Raises:
            InputError: no utterance can be used.
        """
        self._config, self._prepared, self._device = config, prepared, device
        self._vocabulary = config.vocabulary_table
        self._ids: dict[str, list[int]] = {}
        self.data = SpeechData(prepared, config.data, config.run.seed, self._is_usable)
        """Usable utterances, with the rows of each step."""
        self._mel = StyleMel().to(device)

    def load(self, own: Sequence[RowPosition], step_rows: Sequence[RowPosition]) -> TextToVectorBatch:
        """Load the arrays of rows, and make their random choices.

        Args:
            own: segments of the rows of this process.
            step_rows: segments of the rows of all processes; the longest determines the padding.
        """
        rows = [self.data.load(position) for position in own]
        longest = max(position.n_frames for position in step_rows)
        ids = [self._ids[position.utterance.id] for position in own]
        step_lengths = [len(self._ids[position.utterance.id]) for position in step_rows]
        n_symbols = [len(row) for row in ids]
        longest_text = 2 * max(step_lengths) + 1
        randoms = [position.random for position in own]
        starts = [
            int(r.integers(max(1, p.n_frames - SLICE_FRAMES + 1))) for r, p in zip(randoms, own, strict=True)
        ]  # fmt: skip
        latent_noise = np.stack([_noise(r, self._config.network.channels, longest) for r in randoms])
        duration_noise = np.stack([_noise(r, 2, longest_text) for r in randoms])
        with full_precision(self._device), torch.no_grad():
            mel = self._mel(self._tensor([row.style_sound for row in rows], samples_of(longest)))
        words = self._words(own) if self._config.network.prosody_width else None
        n_frames, n_tokens = [position.n_frames for position in own], [2 * count + 1 for count in n_symbols]
        inputs = TrainingBatch(
            semantic=self._tensor([row.semantic for row in rows], longest).transpose(1, 2),
            mel=mel,
            f0_hz=self._tensor([row.f0_hz for row in rows], f0_values_of(longest)),
            n_frames=self._integers(n_frames),
            tokens=self._integers(_padded_ids([symbol_ids_with_blanks(row) for row in ids], longest_text)),
            n_tokens=self._integers(n_tokens),
            symbols=self._integers(_padded_ids(ids, max(n_symbols))),
            n_symbols=self._integers(n_symbols),
            slice_starts=self._integers(starts),
            languages=self._languages(own),
            words=None if words is None else self._integers(stack_words(words, longest_text)),
        )
        return TextToVectorBatch(
            inputs=inputs,
            latent_noise=torch.from_numpy(latent_noise).to(self._device),
            duration_noise=torch.from_numpy(duration_noise).to(self._device),
            row_share=len(own) / len(step_rows),
            frame_share=sum(n_frames) / sum(position.n_frames for position in step_rows),
            token_share=sum(n_tokens) / sum(2 * length + 1 for length in step_lengths),
            **self._prosody_inputs(words, step_rows, randoms),
        )

    def _is_usable(self, utterance: PreparedUtterance) -> bool:
        """True if an utterance has voiced frames and a text within vocabulary and limits; stores the symbol ids."""
        limits = self._config.data
        if not utterance.phonemes or utterance.n_frames > limits.max_frames:
            return False
        if utterance.language not in self._config.languages:
            return False
        try:
            ids = self._vocabulary.ids(self._vocabulary.spell(utterance.phonemes))
        except TextError:
            return False
        if not 1 <= len(ids) <= limits.max_symbols or 2 * len(ids) + 1 > utterance.n_frames:
            return False
        self._ids[utterance.id] = ids
        return bool((self._prepared.fine_f0_hz(utterance) > 0).any())

    def _words(self, rows: Sequence[RowPosition]) -> list[npt.NDArray[np.int64]]:
        """Index of the word of each token, one array per row."""
        silent = self._vocabulary.silent_ids
        return [words_with_blanks(self._ids[row.utterance.id], silent) for row in rows]

    def _prosody_inputs(
        self,
        words: Sequence[npt.NDArray[np.int64]] | None,
        step_rows: Sequence[RowPosition],
        randoms: Sequence[np.random.Generator],
    ) -> dict[str, Any]:
        """Fields of the batch for a network with prosody: noise, and share of the words; empty if `words` is None."""
        if words is None:
            return {}
        n_words = [count_words(row) for row in words]
        longest = max(1, *n_words)
        return {
            "prosody_noise": ProsodyNoise.sample(self._config.network.prosody, randoms, longest, device=self._device),
            "word_share": sum(n_words) / sum(map(count_words, self._words(step_rows))),
        }

    def _languages(self, rows: Sequence[RowPosition]) -> Tensor | None:
        if not self._config.network.n_languages:
            return None
        return self._integers([self._config.languages.index(row.utterance.language) for row in rows])

    def _tensor(self, rows: Sequence[npt.NDArray[np.float32]], length: int) -> Tensor:
        return torch.from_numpy(pad_rows(rows, length)).to(self._device)

    def _integers(self, values: Any) -> Tensor:
        return torch.tensor(values, dtype=torch.int64, device=self._device)


def _padded_ids(rows: Sequence[Sequence[int]], length: int) -> list[list[int]]:
    return [[*row, *[0] * (length - len(row))] for row in rows]


def _noise(random: np.random.Generator, channels: int, length: int) -> npt.NDArray[np.float32]:
    """Noise of one row; a longer batch extends the noise but does not change its start. Shape: [channels, length]."""
    return np.ascontiguousarray(random.standard_normal((length, channels), dtype=np.float32).T)
