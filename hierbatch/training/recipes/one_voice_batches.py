"""Batches for fine-tuning to one voice: segments of recordings, their content, and prompts from other recordings.

Legend: B batch, T frames (50/s), 2T mel frames, M mel bands, C semantic channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.recipes.content_encoder import augment_vocal_tract
from hierbatch.training.sampling import Floats, SegmentBatch, UtteranceSegment, load_batch, random_segment
from hierbatch.training.tensors import to_tensor
from hierbatch.training.trainer.random_state import row_generator

SEGMENT_FRAMES, CROP_FRAMES = 80, 48
"""Number of frames in a segment, and in the part of a segment on which the vocoder is trained."""
_PROMPT_FRAMES = (100, 400)
_SEMANTIC_NOISE = 0.1


@dataclass(slots=True)
class VoiceBatch:
    """Segments with prompts of the same speaker; `latent` is set when the loss of the acoustic model is computed.

    Shape:
        mel      [B, 2T, M]
        content  [B, T, C]
        latent   [B, 2T, M]
    """

    segments: SegmentBatch
    prompts: SegmentBatch
    mel: Tensor
    content: Tensor
    crops: tuple[int, ...]
    noise: Tensor
    share: float
    step: int
    latent: Tensor | None = None


class VoiceBatches:
    """Random segments of one speaker, drawn in proportion to recording length and determined by seed, step and row."""

    def __init__(
        self,
        prepared: PreparedSet,
        utterances: Sequence[PreparedUtterance],
        content: LiteContentEncoder,
        *,
        n_rows: int,
        seed: int,
    ) -> None:
        """Create batches from prepared recordings.

        Args:
            prepared: recordings of the speaker, with the features of `content`.
            utterances: utterances to draw from, at least two; those that are too short are used as prompts only.
            content: frozen content encoder, on the device of the batches.
            n_rows: number of rows in a step.
            seed: seed of the run.
        """
        self._prepared, self._content, self._n_rows, self._seed = prepared, content, n_rows, seed
        self._device = str(next(content.parameters()).device)
        self._all = list(utterances)
        self._long = [utterance for utterance in utterances if utterance.n_frames >= SEGMENT_FRAMES]
        self._cumulative = np.cumsum([utterance.n_frames for utterance in self._long]).astype(np.float64)
        self._mel = LogMel().to(self._device)

    @property
    def n_utterances(self) -> int:
        """Number of utterances."""
        return len(self._all)

    @torch.no_grad()
    def batch(self, step: int, index: int, n_batches: int) -> VoiceBatch:
        """Draw rows `index`, `index + n_batches`, ... of a step."""
        numbers = range(index, self._n_rows, n_batches)
        generators = [row_generator(self._seed, step, number) for number in numbers]
        segments, prompts, crops, noises = [], [], [], []
        n_prompt_frames = int(row_generator(self._seed, step, self._n_rows).integers(*_PROMPT_FRAMES))
        for rng in generators:
            utterance = self._utterance(rng)
            segments.append(random_segment(utterance, SEGMENT_FRAMES, rng))
            prompts.append(self.prompt_for(utterance, n_prompt_frames, rng))
            crops.append(int(rng.integers(SEGMENT_FRAMES - CROP_FRAMES + 1)))
            noises.append(rng.standard_normal(CROP_FRAMES * FRAME_HOP_SAMPLES, np.float32))
        arrays = load_batch(self._prepared, segments)
        mel = self._mel(to_tensor(arrays.audio, self._device))
        return VoiceBatch(
            segments=arrays,
            prompts=load_batch(self._prepared, prompts),
            mel=mel,
            content=self._content_of(mel, arrays.semantic, numbers, generators),
            crops=tuple(crops),
            noise=to_tensor(np.stack(noises), self._device),
            share=len(segments) / self._n_rows,
            step=step,
        )

    def prompt_for(self, utterance: PreparedUtterance, n_frames: int, rng: np.random.Generator) -> UtteranceSegment:
        """Draw a random segment of another utterance.

        Args:
            utterance: the utterance that needs a prompt.
            n_frames: maximum length of the prompt in frames.
            rng: random generator.
        """
        others = [other for other in self._all if other.id != utterance.id]
        return random_segment(others[int(rng.integers(len(others)))], n_frames, rng)

    def _content_of(
        self, mel: Tensor, semantic: Floats, numbers: range, generators: Sequence[np.random.Generator]
    ) -> Tensor:
        """Content of each segment: even rows from the recording, with noise; odd rows from a perturbed version."""
        content = to_tensor(semantic, self._device)
        perturbed = [row for row, number in enumerate(numbers) if number % 2]
        if perturbed:
            inputs = [augment_vocal_tract(mel[row : row + 1], generators[row]) for row in perturbed]
            mask = torch.ones(len(inputs), semantic.shape[1], 1, dtype=torch.bool, device=self._device)
            content[perturbed] = self._content(torch.cat(inputs), mask)
        noise = [
            rng.standard_normal(content.shape[1:], np.float32) * (_SEMANTIC_NOISE if number % 2 == 0 else 0.0)
            for number, rng in zip(numbers, generators, strict=True)
        ]
        return content + to_tensor(np.stack(noise).astype(np.float32), self._device)

    def _utterance(self, rng: np.random.Generator) -> PreparedUtterance:
        position = rng.random() * self._cumulative[-1]
        return self._long[min(int(np.searchsorted(self._cumulative, position)), len(self._long) - 1)]
