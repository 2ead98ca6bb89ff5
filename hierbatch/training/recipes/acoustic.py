"""Recipe that trains the acoustic network together with the content encoder, the first network of voice conversion.

Half of a batch is rendered from target features, as in text to speech; the other half from the content encoder's
features of a spectrally perturbed recording, as in voice conversion. In that half, the mel loss trains the encoder to
add information that the target features lack, while the distance to the target features keeps its output in the same
feature space (information perturbation, Choi et al. 2021, NANSY, section 3). In both halves, the prompt for the timbre
is another segment of the same speaker.

The target features are the vectors of the prepared set, or those of a frozen content encoder from the content-encoder
phase, if it is passed; the text-to-vector network is trained on the same vectors. With a frozen encoder, the weight of
the distance is lower, which gives the trained encoder more freedom to separate the phones.

Legend: B batch, T frames (50/s), 2T mel frames, M mel bands, C semantic channels, S style channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.constants import MELS_PER_FRAME
from hierbatch.models.convnext import length_mask
from hierbatch.models.lite.acoustic import Acoustic, pitch_features
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.training.masking import masked_mean
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.phones import frame_phones, phone_loss, segment_phone_labels
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.content_encoder import augment_vocal_tract, feature_distance
from hierbatch.training.sampling import SegmentBatch, SpeakerSampler, UtteranceSegment, load_batch, random_segment
from hierbatch.training.speed_augmentation import load_resampled, random_speeds
from hierbatch.training.tensors import frame_mask, to_tensor

_SEGMENT_FRAMES = 80
_PROMPT_FRAMES = (75, 250)
_VALIDATION_PROMPT_FRAMES = 200
_SEMANTIC_NOISE = 0.1
_CONTENT_WEIGHT, _CONTENT_WEIGHT_WITH_TEACHER = 0.15, 0.05
_PHONE_WEIGHT = 0.15
_DEFAULT_F0_HZ = 150.0


class AcousticTrainingModule(nn.Module):
    """Networks that are trained together; `phones` classifies the content encoder's features and does not ship."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.acoustic = Acoustic(config)
        self.content_encoder = LiteContentEncoder(config)
        self.phones = nn.Linear(config.semantic_channels, config.n_symbols)


@dataclass(frozen=True, slots=True)
class Prompts:
    """Encoded prompts of a batch.

    Shape:
        style         [B, S]
        median_f0_hz  [B]
    """

    style: Tensor
    frames: PromptFrames
    median_f0_hz: Tensor


@dataclass(frozen=True, slots=True)
class PairedBatch:
    """Recorded segments and their reconstructions; the first `n_teacher` rows are rendered from target features.

    Shape:
        mel, predicted  [B, 2T, M]
        mask            [B, T, 1]
        target          [B, T, C]              target features
        encoded         [B - n_teacher, T, C]  content-encoder features of the other rows
    """

    n_teacher: int
    segments: Sequence[UtteranceSegment]
    arrays: SegmentBatch
    mel: Tensor
    mask: Tensor
    target: Tensor
    encoded: Tensor
    prompts: Prompts
    predicted: Tensor


class AcousticRecipe:
    """Recipe that reconstructs `batch_size` segments of 1.6 s per step, each with a prompt of 1.5 to 5 s.

    Args:
        prepared: prepared speech.
        config: hyperparameters of the networks.
        device: device to train on.
        batch_size: number of segments per step.
        teacher: frozen content encoder that computes the target features; None uses those of the prepared set.
    """

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 12,
        teacher: LiteContentEncoder | None = None,
    ) -> None:
        self.network = AcousticTrainingModule(config).to(device)
        self._teacher = None if teacher is None else teacher.to(device).eval().requires_grad_(False)
        self._content_weight = _CONTENT_WEIGHT if teacher is None else _CONTENT_WEIGHT_WITH_TEACHER
        self._phones = frame_phones(prepared)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.25)
        self._mel = LogMel().to(device)
        rng = np.random.default_rng(0)
        development = SpeakerSampler(prepared.split("development"))
        segments = [random_segment(development.draw(rng), _SEGMENT_FRAMES, rng) for _ in range(48)]
        self._held_out = [(one, development.prompt_for(one, _VALIDATION_PROMPT_FRAMES, rng)) for one in segments]

    def losses(self, network: AcousticTrainingModule, rng: np.random.Generator) -> Losses:
        return self._paired_losses(network, self._draw_pairs(network, rng))

    def _draw_pairs(self, network: AcousticTrainingModule, rng: np.random.Generator) -> PairedBatch:
        """Draw random segments, and reconstruct them with a prompt of the same speaker."""
        segments = [random_segment(self._sampler.draw(rng), _SEGMENT_FRAMES, rng) for _ in range(self._batch_size)]
        n_prompt_frames = int(rng.integers(*_PROMPT_FRAMES))
        speeds = random_speeds(len(segments), rng)
        arrays = load_resampled(self._prepared, segments, speeds)
        prompt_segments = [self._sampler.prompt_for(segment, n_prompt_frames, rng) for segment in segments]
        mel, mask = self._mel(self._tensor(arrays.audio)), frame_mask(arrays, self._device)
        n_teacher = len(segments) // 2
        target = self._target_features(arrays, mel, mask)
        encoded = network.content_encoder(augment_vocal_tract(mel[n_teacher:], rng), mask[n_teacher:])
        noise = self._tensor(rng.standard_normal(arrays.semantic[:n_teacher].shape, np.float32))
        semantic = torch.cat([target[:n_teacher] + _SEMANTIC_NOISE * noise, encoded])
        prompts = self._encode_prompts(network, load_resampled(self._prepared, prompt_segments, speeds))
        pitch = pitch_features(self._tensor(arrays.f0_hz), self._tensor(arrays.voiced))
        predicted = network.acoustic(semantic, pitch, prompts.style, prompts.frames, mask)
        return PairedBatch(n_teacher, segments, arrays, mel, mask, target, encoded, prompts, predicted)

    def _paired_losses(self, network: AcousticTrainingModule, pairs: PairedBatch) -> Losses:
        n_teacher, mask, predicted, mel = pairs.n_teacher, pairs.mask, pairs.predicted, pairs.mel
        distance = feature_distance(pairs.encoded, pairs.target[n_teacher:])
        mel_mask = mask.repeat_interleave(MELS_PER_FRAME, 1)
        labels = segment_phone_labels(
            self._phones, pairs.segments[n_teacher:], pairs.arrays.lengths[n_teacher:], pairs.encoded.shape[1]
        ).to(self._device)
        return {
            "mel": 0.5 * masked_l1(predicted[:n_teacher], mel[:n_teacher], mel_mask[:n_teacher]),
            "mel_content": 1.0 * masked_l1(predicted[n_teacher:], mel[n_teacher:], mel_mask[n_teacher:]),
            "content": self._content_weight * masked_mean(distance, mask[n_teacher:, :, 0]),
            "phones": _PHONE_WEIGHT * phone_loss(network.phones(pairs.encoded), labels),
        }

    @torch.no_grad()
    def validate(self, network: AcousticTrainingModule) -> dict[str, float]:
        """Mel errors, cosine of encoded and target features, and ratio of predicted to recorded changes over time."""
        arrays, prompt = (load_batch(self._prepared, [pair[side] for pair in self._held_out]) for side in (0, 1))
        mel, mask = self._mel(self._tensor(arrays.audio)), frame_mask(arrays, self._device)
        target, mel_mask = self._target_features(arrays, mel, mask), mask.repeat_interleave(MELS_PER_FRAME, 1)
        encoded = network.content_encoder(mel, mask)
        prompts = self._encode_prompts(network, prompt)
        pitch = pitch_features(self._tensor(arrays.f0_hz), self._tensor(arrays.voiced))
        from_target = network.acoustic(target, pitch, prompts.style, prompts.frames, mask)
        from_content = network.acoustic(encoded, pitch, prompts.style, prompts.frames, mask)
        variance_ratio = from_target.diff(dim=1).abs().mean() / mel.diff(dim=1).abs().mean()
        return {
            "mel": float(masked_l1(from_target, mel, mel_mask)),
            "mel_content": float(masked_l1(from_content, mel, mel_mask)),
            "cosine": float(masked_mean(F.cosine_similarity(encoded, target, dim=-1), mask[..., 0])),
            "temporal_variance_ratio": float(variance_ratio),
        }

    @torch.no_grad()
    def _target_features(self, arrays: SegmentBatch, mel: Tensor, mask: Tensor) -> Tensor:
        """Semantic vectors from the teacher encoder or from the prepared set. Shape: [B, T, C]."""
        if self._teacher is None:
            return self._tensor(arrays.semantic)
        vectors: Tensor = self._teacher(mel, mask)
        return vectors

    def _encode_prompts(self, network: AcousticTrainingModule, arrays: SegmentBatch) -> Prompts:
        mel, lengths = self._mel(self._tensor(arrays.audio)), self._tensor(arrays.lengths)
        style = network.acoustic.style(mel, lengths * MELS_PER_FRAME)
        with torch.no_grad():  # the prompt's content is only looked up: no gradient reaches the encoder through it
            keys = network.content_encoder(mel, length_mask(lengths, arrays.semantic.shape[1])[..., None])
        medians_hz = [
            float(np.median(f0_hz[voiced > 0])) if voiced.any() else _DEFAULT_F0_HZ
            for f0_hz, voiced in zip(arrays.f0_hz, arrays.voiced, strict=True)
        ]
        return Prompts(style, PromptFrames(keys, mel, lengths), torch.tensor(medians_hz, device=self._device))

    def _tensor(self, values: np.ndarray) -> Tensor:
        return to_tensor(values, self._device)


def masked_l1(predicted: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error over the frames of a mask. Shape: predicted, target [B, T, M], mask [B, T, 1] -> []."""
    return masked_mean((predicted - target).abs().mean(-1), mask[..., 0])
