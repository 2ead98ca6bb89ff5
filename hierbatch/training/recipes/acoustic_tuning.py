"""Fine-tuning of the acoustic model with the semantic vectors that it receives at inference.

In earlier phases, a recording is rendered only from vectors that were encoded from it. Vectors predicted from text are
smoother, and have other errors. In this phase, both kinds are rendered with the durations and the pitch of the
recording, which is the target. The content encoder and the networks that read text are frozen, so that they need no
further training; rows without a target are those of the cross-speaker phase.

Texts rendered in the voice of another speaker have no target, and the recognizability of their phones and voice alone
lets their sound get worse: Korean with English prompts lost 0.14 in DistillMOS. A distillation loss therefore keeps the
output for these rows near that of the acoustic model before this phase (Li and Hoiem 2016, Learning without
Forgetting).

Legend: B batch, T frames (50/s), 2T mel frames, M mel bands, C semantic channels.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.lite.acoustic import Acoustic, pitch_features
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.text_to_vector import LiteTextToVector
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.acoustic import AcousticTrainingModule, masked_l1
from hierbatch.training.recipes.cross_speaker import CrossSpeakerRecipe, UnpairedBatch
from hierbatch.training.recipes.speaker_encoder import SpeakerEncoder
from hierbatch.training.sampling import load_batch
from hierbatch.training.tensors import frame_mask

_N_TEXTS = 6
_TEXT_FRAMES = (20, 100)
_PROMPT_FRAMES = (75, 225)
_DISTILLATION_WEIGHT = 0.5


class AcousticTuningRecipe(CrossSpeakerRecipe):
    """Recipe that trains only the acoustic model, on rows of the cross-speaker phase and on texts of recordings.

    Args:
        prepared: prepared speech with alignments.
        config: size of the networks.
        device: device to train on.
        batch_size: number of recordings per step.
        pipeline: trained networks, which provide the content encoder, the text side, and the acoustic model before this
            phase; None uses initial weights, without texts.
        speaker_encoder: trained speaker encoder; None leaves out the speaker losses.
    """

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 8,
        pipeline: LiteNetworks | None = None,
        speaker_encoder: SpeakerEncoder | None = None,
    ) -> None:
        content_encoder = None if pipeline is None else pipeline.content_encoder
        text_to_vector = None if pipeline is None else pipeline.text_to_vector
        super().__init__(prepared, config, device, batch_size, content_encoder, text_to_vector, speaker_encoder)
        self.network.content_encoder.requires_grad_(False)
        self.earlier_acoustic: Acoustic | None = None
        """Frozen acoustic model before this phase, the same in a resumed run; None without `pipeline`."""
        if pipeline is not None:
            self.earlier_acoustic = pipeline.acoustic.to(device).eval().requires_grad_(False)

    def losses(self, network: AcousticTrainingModule, rng: np.random.Generator) -> Losses:
        losses = super().losses(network, rng)
        del losses["content"]  # a distance between two frozen encoders
        if self._text_to_vector is not None:
            losses["mel_text"] = self._text_reconstruction(network, self._text_to_vector, rng)
        return losses

    def _text_reconstruction(
        self, network: AcousticTrainingModule, text_to_vector: LiteTextToVector, rng: np.random.Generator
    ) -> Tensor:
        """Mel loss of random texts, rendered with the durations and the pitch of their recordings. Shape: []."""
        texts = [self._texts.draw(_TEXT_FRAMES[1], rng, min_frames=_TEXT_FRAMES[0]) for _ in range(_N_TEXTS)]
        n_prompt_frames = int(rng.integers(*_PROMPT_FRAMES))
        segments = [self._texts.speakers.prompt_for(text.segment, n_prompt_frames, rng) for text in texts]
        prompts = self._encode_prompts(network, load_batch(self._prepared, segments))
        arrays = load_batch(self._prepared, [text.segment for text in texts])
        mel, mask = self._mel(self._tensor(arrays.audio)), frame_mask(arrays, self._device)
        vectors = self._predict_from_text(text_to_vector, texts, prompts).semantic
        pitch = pitch_features(self._tensor(arrays.f0_hz), self._tensor(arrays.voiced))
        predicted = network.acoustic(vectors, pitch, prompts.style, prompts.frames, mask)
        return masked_l1(predicted, mel, mask.repeat_interleave(MELS_PER_FRAME, 1))

    def _unpaired_losses(
        self, network: AcousticTrainingModule, rows: UnpairedBatch, mel: Tensor, rng: np.random.Generator
    ) -> Losses:
        losses = super()._unpaired_losses(network, rows, mel, rng)
        is_synthesized = rows.vectors is None
        if is_synthesized and self.earlier_acoustic is not None:
            distance = masked_l1(
                mel, _render(self.earlier_acoustic, rows), rows.mask.repeat_interleave(MELS_PER_FRAME, 1)
            )
            losses["distillation"] = _DISTILLATION_WEIGHT * distance
        return losses


@torch.no_grad()
def _render(acoustic: Acoustic, rows: UnpairedBatch) -> Tensor:
    """Log-mel spectrogram of rows, with styles that the same acoustic model encodes. Shape: [B, 2T, M]."""
    frames = rows.prompts.frames
    style = acoustic.style(frames.mel, frames.lengths * MELS_PER_FRAME)
    mel: Tensor = acoustic(rows.semantic, rows.pitch, style, frames, rows.mask)
    return mel
