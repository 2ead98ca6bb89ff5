"""Recipe that fine-tunes acoustic network and content encoder on content of one speaker with a prompt of another.

In earlier phases, content and prompt are of the same speaker. Here a batch has such pairs, and also rows without a
target recording: content features of a recording with another speaker's prompt, as in conversion, and semantic vectors
predicted from text, as in text to speech. Two losses replace the missing target: the phones that the content encoder,
with frozen weights, recognizes in the output must be those intended (cycle consistency, Zhu et al. 2017), and the
speaker embedding of the output must match that of the prompt.

Legend: B batch, T frames (50/s), 2T mel frames, M mel bands, C semantic channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.convnext import length_mask
from hierbatch.models.lite.acoustic import pitch_features
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.models.lite.text_to_vector import LiteTextToVector, PredictedFrames, TextBatch
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.training.aligned_segments import AlignedSampler, AlignedSegment, aligned_utterances
from hierbatch.training.alignment import merge_silence
from hierbatch.training.masking import masked_mean
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.phones import UNKNOWN, phone_loss, segment_phone_labels
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.acoustic import AcousticRecipe, AcousticTrainingModule, PairedBatch, Prompts
from hierbatch.training.recipes.content_encoder import augment_vocal_tract
from hierbatch.training.recipes.speaker_encoder import SpeakerEncoder

_N_CROSS_SPEAKER, _N_SYNTHESIZED = 4, 4
_MAX_TEXT_FRAMES = 90
_KOREAN_SHARE = 0.6
_F0_SPREAD = 1.45
_F0_RANGE_HZ = (50.0, 600.0)
_PHONE_WEIGHT, _VECTOR_WEIGHT, _VOICE_WEIGHT = 0.05, 0.05, 0.08


@dataclass(frozen=True, slots=True)
class UnpairedBatch:
    """Rows without a target recording: content and pitch, and the prompts to render them with.

    Shape:
        semantic  [B, T, C]
        pitch     [B, T, 4]
        mask      [B, T, 1]
        labels    [B, T]     phones; `UNKNOWN` where there is no alignment
        vectors   [B, T, C]  intended content features of the output; None if the content was predicted from text
    """

    semantic: Tensor
    pitch: Tensor
    mask: Tensor
    labels: Tensor
    prompts: Prompts
    vectors: Tensor | None


class CrossSpeakerRecipe(AcousticRecipe):
    """Recipe with the paired rows of `AcousticRecipe`, and with cross-speaker rows and synthesized rows.

    Args:
        prepared: prepared speech with alignments.
        config: hyperparameters of the networks.
        device: device to train on.
        batch_size: number of paired rows per step.
        teacher: frozen content encoder that computes the target features of the paired rows; None uses those of the
            prepared set.
        text_to_vector: trained text-to-vector network; None leaves out the synthesized rows.
        speaker_encoder: trained speaker encoder; None leaves out the speaker losses.
    """

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 10,
        teacher: LiteContentEncoder | None = None,
        text_to_vector: LiteTextToVector | None = None,
        speaker_encoder: SpeakerEncoder | None = None,
    ) -> None:
        super().__init__(prepared, config, device, batch_size, teacher)
        self._text_to_vector = (
            None if text_to_vector is None else text_to_vector.to(device).eval().requires_grad_(False)
        )
        self._speaker_encoder = (
            None if speaker_encoder is None else speaker_encoder.to(device).eval().requires_grad_(False)
        )
        train = prepared.split("train")
        self._texts = AlignedSampler(aligned_utterances(prepared.folder, train), train, korean_share=_KOREAN_SHARE)

    def losses(self, network: AcousticTrainingModule, rng: np.random.Generator) -> Losses:
        pairs = self._draw_pairs(network, rng)
        unpaired = {"cross_speaker": self._cross_speaker_rows(pairs, rng)}
        if self._text_to_vector is not None:
            unpaired["synthesized"] = self._synthesized_rows(self._text_to_vector, pairs, rng)
        losses = self._paired_losses(network, pairs)
        for name, rows in unpaired.items():
            mel = network.acoustic(rows.semantic, rows.pitch, rows.prompts.style, rows.prompts.frames, rows.mask)
            unpaired_losses = self._unpaired_losses(network, rows, mel, rng)
            losses |= {f"{name}_{loss}": value for loss, value in unpaired_losses.items()}
        return losses

    def _unpaired_losses(
        self, network: AcousticTrainingModule, rows: UnpairedBatch, mel: Tensor, rng: np.random.Generator
    ) -> Losses:
        """Losses of the output for rows without a target recording. Shape: mel [B, 2T, M]."""
        losses = {"phones": self._cycle_loss(network, rows, mel, rng)}
        if self._speaker_encoder is not None:
            losses["voice"] = _VOICE_WEIGHT * _speaker_distance(self._speaker_encoder, rows, mel)
        return losses

    def _cross_speaker_rows(self, pairs: PairedBatch, rng: np.random.Generator) -> UnpairedBatch:
        """Create rows from content-encoder features, another row's prompt, and F0 transposed to the prompt's median."""
        n_encoded = len(pairs.encoded)
        rows = torch.arange(min(_N_CROSS_SPEAKER, n_encoded))
        others = (rows + pairs.n_teacher + int(rng.integers(1, len(pairs.segments)))) % len(pairs.segments)
        sources = rows + pairs.n_teacher
        prompts = _select_prompts(pairs.prompts, others)
        f0_hz, voiced = self._tensor(pairs.arrays.f0_hz)[sources], self._tensor(pairs.arrays.voiced)[sources]
        transposed_hz = f0_hz * (prompts.median_f0_hz / pairs.prompts.median_f0_hz[sources])[:, None]
        encoded = pairs.encoded[rows]
        labels = segment_phone_labels(
            self._phones, [pairs.segments[i] for i in sources], pairs.arrays.lengths[sources.numpy()], encoded.shape[1]
        ).to(self._device)
        pitch = pitch_features(transposed_hz, voiced)
        return UnpairedBatch(encoded, pitch, pairs.mask[sources], labels, prompts, encoded.detach())

    @torch.no_grad()
    def _synthesized_rows(
        self, network: LiteTextToVector, pairs: PairedBatch, rng: np.random.Generator
    ) -> UnpairedBatch:
        """Create rows from semantic vectors and F0 that are predicted from random texts, with prompts of this batch."""
        texts = [self._texts.draw(_MAX_TEXT_FRAMES, rng) for _ in range(_N_SYNTHESIZED)]
        prompts = _select_prompts(
            pairs.prompts, torch.from_numpy(rng.permutation(len(pairs.segments))[:_N_SYNTHESIZED])
        )
        prosody = self._predict_from_text(network, texts, prompts)
        n_frames = torch.tensor([text.segment.n_frames for text in texts], device=self._device)
        mask = length_mask(n_frames, prosody.semantic.shape[1])
        f0_hz = (prompts.median_f0_hz[:, None] * torch.exp(_F0_SPREAD * prosody.log_f0)).clamp(*_F0_RANGE_HZ)
        phones = [np.repeat(merge_silence(text.ids.symbols), text.durations) for text in texts]
        labels = [torch.from_numpy(row.astype(np.int64)) for row in phones]
        padded = torch.nn.utils.rnn.pad_sequence(labels, batch_first=True, padding_value=UNKNOWN).to(self._device)
        pitch = pitch_features(f0_hz, (prosody.voicing > 0).float())
        return UnpairedBatch(prosody.semantic, pitch, mask[..., None], padded, prompts, None)

    @torch.no_grad()
    def _predict_from_text(
        self, network: LiteTextToVector, texts: Sequence[AlignedSegment], prompts: Prompts
    ) -> PredictedFrames:
        """Predict semantic vectors and F0 of texts, with their recorded durations."""
        batch = TextBatch.from_ids([text.ids for text in texts], self._device)
        rows = [torch.tensor(text.durations) for text in texts]
        durations = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
        style = network.style(prompts.frames.mel, prompts.frames.lengths * MELS_PER_FRAME)
        return network.decode(network.encode(batch, style), durations, style)

    def _cycle_loss(
        self, network: AcousticTrainingModule, rows: UnpairedBatch, mel: Tensor, rng: np.random.Generator
    ) -> Tensor:
        """Distance between the intended phones and features and those that the frozen encoder finds in the output."""
        encoded = functional_call(
            network.content_encoder, _frozen(network.content_encoder), (augment_vocal_tract(mel, rng), rows.mask)
        )
        scores = functional_call(network.phones, _frozen(network.phones), (encoded,))
        loss = _PHONE_WEIGHT * phone_loss(scores, rows.labels)
        if rows.vectors is None:
            return loss
        distance = 1 - F.cosine_similarity(encoded, rows.vectors, dim=-1)
        return loss + _VECTOR_WEIGHT * masked_mean(distance, rows.mask[..., 0])


def _speaker_distance(network: SpeakerEncoder, rows: UnpairedBatch, mel: Tensor) -> Tensor:
    """Mean cosine distance of the speaker embeddings of output and prompt. Shape: mel [B, 2T, M] -> []."""
    prompt = rows.prompts.frames
    target = network(prompt.mel, prompt.lengths * MELS_PER_FRAME)
    embedding = network(mel, rows.mask[..., 0].sum(1) * MELS_PER_FRAME)
    result: Tensor = (1 - (target * embedding).sum(-1)).mean()
    return result


def _frozen(network: torch.nn.Module) -> dict[str, Tensor]:
    """Current weights of a network, detached from the graph."""
    return {name: value.detach() for name, value in network.named_parameters()}


def _select_prompts(prompts: Prompts, rows: Tensor) -> Prompts:
    frames = prompts.frames
    selected = PromptFrames(frames.semantic[rows], frames.mel[rows], frames.lengths[rows])
    return replace(prompts, style=prompts.style[rows], frames=selected, median_f0_hz=prompts.median_f0_hz[rows])
