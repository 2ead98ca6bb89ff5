"""Recipe that trains the text-to-vector network: from phonemes and a prompt to durations, semantic vectors and F0.

The target vectors are the features of a trained content encoder, if there is one: they have more of the information
that the acoustic network needs than the vectors of the prepared set. Since regression averages over possible outputs, a
phone loss also requires that the predicted vectors are classified as the intended phones. Target vectors have little
speaker information, so some prompts are from another speaker or are resampled to another pitch; otherwise the network
would associate a language with its few speakers in the training data.
Legend: B batch, T frames (50/s), N symbols, C semantic channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.constants import MELS_PER_FRAME
from hierbatch.frontend.symbols import SEPARATORS, START, SYMBOL_IDS
from hierbatch.models.convnext import length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.models.lite.text_to_vector import F0_SCALE, LiteTextToVector, TextBatch
from hierbatch.training.aligned_segments import AlignedSampler, AlignedSegment, aligned_utterances
from hierbatch.training.alignment import merge_silence
from hierbatch.training.masking import masked_mean
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.phones import UNKNOWN, phone_loss
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import (
    Floats,
    SegmentBatch,
    SpeakerSampler,
    UtteranceSegment,
    load_batch,
    random_segment,
)
from hierbatch.training.speaker_medians import speaker_medians_hz
from hierbatch.training.speed_augmentation import load_resampled, random_speeds
from hierbatch.training.tensors import to_tensor

_PROMPT_FRAMES = (75, 225)
_VALIDATION_PROMPT_FRAMES = 200
_MAX_FRAMES = 450
_FRAMES_PER_BATCH = 1600
_KOREAN_SHARE = 0.45
_PHONE_WEIGHT = 0.1
_SILENT_IDS = [SYMBOL_IDS[symbol] for symbol in (START, *SEPARATORS)]
_OTHER_SPEAKER_SHARE = {"en": 0.1, "ko": 0.35}
"""Share of prompts from a random speaker, by language; higher for Korean, since the data has few Korean speakers."""


class LiteTextToVectorRecipe:
    """Recipe that trains on utterances, or on segments of long utterances, about 30 s in total per step.

    Args:
        prepared: prepared speech with alignments.
        config: hyperparameters of the network.
        device: device to train on.
        frames_per_batch: maximum number of frames in a padded batch.
        content: frozen content encoder that computes the target vectors; None uses those of the prepared set.
        phones: frozen phone classifier on the content encoder's vectors; None leaves out the phone loss.
    """

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        frames_per_batch: int = _FRAMES_PER_BATCH,
        content: LiteContentEncoder | None = None,
        phones: nn.Linear | None = None,
    ) -> None:
        self.network: LiteTextToVector = LiteTextToVector(config).to(device)
        self._content = None if content is None else content.to(device).eval().requires_grad_(False)
        self._phones = None if phones is None else phones.to(device).eval().requires_grad_(False)
        self._prepared, self._device, self._frames_per_batch = prepared, device, frames_per_batch
        self._mel = LogMel().to(device)
        aligned = aligned_utterances(prepared.folder, prepared.utterances)
        usable = [one.utterance for one in aligned.values()]
        self._medians_hz = speaker_medians_hz(prepared, usable)
        train = [u for u in usable if u.split == "train"]
        self._sampler = AlignedSampler(aligned, train, korean_share=_KOREAN_SHARE)
        self._any_speaker = SpeakerSampler(prepared.split("train"), korean_share=None)
        held_out = SpeakerSampler([u for u in usable if u.split != "train" and u.n_frames <= _MAX_FRAMES] or usable)
        rng = np.random.default_rng(0)
        texts = [aligned[held_out.draw(rng).id].whole() for _ in range(32)]
        self._held_out = [(text, held_out.prompt_for(text.segment, _VALIDATION_PROMPT_FRAMES, rng)) for text in texts]

    def losses(self, network: LiteTextToVector, rng: np.random.Generator) -> Losses:
        texts = self._draw_batch(rng)
        n_prompt_frames = int(rng.integers(*_PROMPT_FRAMES))
        prompts = [self._draw_prompt(text, n_prompt_frames, rng) for text in texts]
        return self._batch_losses(network, texts, prompts, random_speeds(len(prompts), rng))

    @torch.no_grad()
    def validate(self, network: LiteTextToVector) -> dict[str, float]:
        texts, prompts = [text for text, _ in self._held_out], [prompt for _, prompt in self._held_out]
        losses = self._batch_losses(network, texts, prompts, np.ones(len(prompts), np.float32))
        return {name: float(value) for name, value in losses.items()}

    def _draw_batch(self, rng: np.random.Generator) -> list[AlignedSegment]:
        """Draw as many random segments as fit into a padded batch."""
        drawn: list[AlignedSegment] = []
        longest = 0
        while True:
            text = self._sampler.draw(_MAX_FRAMES, rng)
            longest = max(longest, text.segment.n_frames)
            if drawn and longest * (len(drawn) + 1) > self._frames_per_batch:
                return drawn
            drawn.append(text)

    def _draw_prompt(self, text: AlignedSegment, n_frames: int, rng: np.random.Generator) -> UtteranceSegment:
        """Draw a prompt of the same speaker or, with some probability, of a random speaker."""
        if rng.random() < _OTHER_SPEAKER_SHARE[text.segment.utterance.language]:
            return random_segment(self._any_speaker.draw(rng), n_frames, rng)
        return self._sampler.speakers.prompt_for(text.segment, n_frames, rng)

    def _batch_losses(
        self,
        network: LiteTextToVector,
        texts: Sequence[AlignedSegment],
        prompts: Sequence[UtteranceSegment],
        speeds: Floats,
    ) -> Losses:
        arrays = load_batch(self._prepared, [text.segment for text in texts])
        prompt = load_resampled(self._prepared, prompts, speeds)
        batch = TextBatch.from_ids([text.ids for text in texts], self._device)
        rows = [torch.tensor(text.durations) for text in texts]
        durations = nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
        prompt_lengths = self._tensor(prompt.lengths * MELS_PER_FRAME)
        style = network.style(self._mel(self._tensor(prompt.audio)), prompt_lengths)
        hidden = network.encode(batch, style)
        log_durations = network.log_durations(hidden, batch, style)
        prosody = network.decode(hidden, durations, style)
        symbol_mask = length_mask(batch.lengths, batch.symbols.shape[1])
        mask = length_mask(durations.sum(1), arrays.semantic.shape[1])
        pitch_mask = mask.repeat_interleave(MELS_PER_FRAME, 1)
        voiced = self._tensor(arrays.voiced) * pitch_mask
        medians_hz = [self._medians_hz[text.segment.utterance.speaker] for text in texts]
        log_medians = torch.log(torch.tensor(medians_hz, device=self._device))
        target_log_f0 = torch.log(self._tensor(arrays.f0_hz)) - log_medians[:, None]
        voicing_error = F.binary_cross_entropy_with_logits(prosody.voicing, voiced, reduction="none")
        losses = {
            "duration": 0.3 * masked_mean(duration_error(log_durations, durations, batch.symbols), symbol_mask),
            "semantic": masked_mean(_mixed_error(prosody.semantic, self._target_vectors(arrays, mask)), mask),
            "pitch": 0.5 * masked_mean((prosody.log_f0 - target_log_f0).abs() * F0_SCALE, voiced > 0),
            "voicing": 0.5 * masked_mean(voicing_error, pitch_mask),
        }
        if self._phones is not None:
            labels = _phone_labels(texts, arrays.semantic.shape[1]).to(self._device)
            losses["phones"] = _PHONE_WEIGHT * phone_loss(self._phones(prosody.semantic), labels)
        return losses

    @torch.no_grad()
    def _target_vectors(self, arrays: SegmentBatch, mask: Tensor) -> Tensor:
        """Semantic vectors of the recordings. Shape: mask [B, T] -> [B, T, C]."""
        if self._content is None:
            return self._tensor(arrays.semantic)
        vectors: Tensor = self._content(self._mel(self._tensor(arrays.audio)), mask[..., None])
        return vectors

    def _tensor(self, values: np.ndarray) -> Tensor:
        return to_tensor(values, self._device)


def duration_error(log_durations: Tensor, durations: Tensor, symbols: Tensor) -> Tensor:
    """Error of predicted durations: gamma deviance for phones, squared error of the logarithm for separators.

    The deviance is smallest at the mean number of frames, so sentences are predicted at the recorded pace. The squared
    error is smallest below the mean if durations vary. For separators this is intended: a mean over boundaries with and
    without a pause would put a short pause at every boundary.

    Shape:
        log_durations  [B, N]  predicted log(1 + frames)
        durations      [B, N]  recorded durations in frames
        symbols        [B, N]  symbol ids
        returns        [B, N]
    """
    residual = torch.log1p(durations.float()) - log_durations
    is_silent = torch.isin(symbols, symbols.new_tensor(_SILENT_IDS))
    return torch.where(is_silent, residual**2, 2 * (torch.expm1(residual) - residual))


def _mixed_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Squared plus half the absolute error, mean over channels. Shape: predicted, target [B, T, C] -> [B, T]."""
    difference = predicted - target
    return (difference**2 + 0.5 * difference.abs()).mean(-1)


def _phone_labels(texts: Sequence[AlignedSegment], longest: int) -> Tensor:
    """Phone id of each frame, `UNKNOWN` on padding. Shape: [B, longest]."""
    labels = np.full((len(texts), longest), UNKNOWN, np.int64)
    for row, text in zip(labels, texts, strict=True):
        row[: text.segment.n_frames] = np.repeat(merge_silence(text.ids.symbols), text.durations)
    return torch.from_numpy(labels)
