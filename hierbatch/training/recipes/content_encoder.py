"""Recipe that trains the content encoder: from the augmented log-mel of any speaker to semantic vectors.

There are three losses: phone classification, with labels from the alignment, or from a phone classifier on the
teacher's vectors for speech without transcripts; the distance to the teacher's vectors, which contain more than phones;
and, if an earlier encoder is passed, feature anchoring, the distance to that encoder's vectors, so that networks
trained on them remain usable.

Legend: B batch, T frames, M mel bands, C semantic channels.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import LiteContentEncoder
from hierbatch.training.masking import masked_mean
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.phone_classifier import train_phone_classifier
from hierbatch.training.phones import UNKNOWN, frame_phones, segment_phone_labels
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import SpeakerSampler, load_batch, random_segment
from hierbatch.training.speed_augmentation import load_resampled, random_speeds
from hierbatch.training.tensors import frame_mask, to_tensor

_SEGMENT_FRAMES = 100
_MAX_WARP = 0.12
_MAX_TILT = 0.5
_LEVEL_STD = 0.15
_MAX_NOISE = 0.01
_N_EQ_KNOTS, _EQ_STD = 8, 0.2
_MAX_MASKED_BANDS = 14
_AUGMENTED_SHARE = 0.7
_TEACHER_WEIGHT, _ANCHOR_WEIGHT, _VARIANCE_WEIGHT = 0.5, 0.2, 0.1


class ContentTrainingModule(nn.Module):
    """Content encoder with two linear heads on its vectors; the heads do not ship."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.content_encoder = LiteContentEncoder(config)
        self.phones = nn.Linear(config.semantic_channels, config.n_symbols)
        self.teacher = nn.Linear(config.semantic_channels, config.semantic_channels)


class ContentEncoderRecipe:
    """Recipe that trains on `batch_size` segments of 2 s per step, with vocal-tract, noise and channel augmentation.

    Args:
        prepared: prepared speech; alignments are used if there are any.
        config: hyperparameters of the networks.
        device: device to train on.
        batch_size: number of segments per step.
        anchor: earlier content encoder to whose vectors the new vectors stay close, or None.
    """

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 16,
        anchor: LiteContentEncoder | None = None,
    ) -> None:
        self.network = ContentTrainingModule(config).to(device)
        self._anchor = None if anchor is None else anchor.to(device).eval().requires_grad_(False)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.25)
        self._mel = LogMel().to(device)
        self._phones = frame_phones(prepared)
        self._classifier = train_phone_classifier(prepared, self._phones).to(device) if self._phones else None
        rng = np.random.default_rng(0)
        development = SpeakerSampler(prepared.split("development"))
        self._held_out = [random_segment(development.draw(rng), _SEGMENT_FRAMES, rng) for _ in range(48)]

    def losses(self, network: ContentTrainingModule, rng: np.random.Generator) -> Losses:
        segments = [random_segment(self._sampler.draw(rng), _SEGMENT_FRAMES, rng) for _ in range(self._batch_size)]
        batch = load_resampled(self._prepared, segments, random_speeds(len(segments), rng, _AUGMENTED_SHARE))
        noise = rng.standard_normal(batch.audio.shape, np.float32)
        noise *= rng.random((len(segments), 1), np.float32) ** 2 * _MAX_NOISE
        mel = self._mel(to_tensor(batch.audio + noise, self._device))
        mask = frame_mask(batch, self._device)
        vectors, frames = (
            network.content_encoder(augment_channel(augment_vocal_tract(mel, rng), rng), mask),
            mask[..., 0],
        )
        teacher = to_tensor(batch.semantic, self._device)
        variance = masked_mean((vectors**2).mean(-1), frames)
        losses = {
            "teacher": _TEACHER_WEIGHT * masked_mean(feature_distance(network.teacher(vectors), teacher), frames),
            # The heads are linear and leave the scale of the vectors free, but later phases compare them by distance.
            "variance": _VARIANCE_WEIGHT * variance.log() ** 2,
        }
        if self._classifier is not None:
            predicted = self._classifier(teacher).softmax(-1)
            labels = segment_phone_labels(self._phones, segments, batch.lengths, vectors.shape[1]).to(self._device)
            aligned = F.one_hot(labels.clamp_min(0), predicted.shape[-1]).float()
            target = torch.where((labels == UNKNOWN)[..., None], predicted, 0.5 * (predicted + aligned))
            scores = network.phones(vectors).log_softmax(-1)
            losses["phones"] = masked_mean(-(target * scores).sum(-1), frames)
        if self._anchor is not None:
            with torch.no_grad():
                anchor = self._anchor(self._mel(to_tensor(batch.audio, self._device)), mask)
            losses["anchor"] = _ANCHOR_WEIGHT * masked_mean(1 - F.cosine_similarity(vectors, anchor, dim=-1), frames)
        return losses

    @torch.no_grad()
    def validate(self, network: ContentTrainingModule) -> dict[str, float]:
        """Distance and cosine to the teacher's vectors, and agreement with the phone classifier, if there is one."""
        batch = load_batch(self._prepared, self._held_out)
        mask, teacher = frame_mask(batch, self._device), to_tensor(batch.semantic, self._device)
        vectors, frames = network.content_encoder(self._mel(to_tensor(batch.audio, self._device)), mask), mask[..., 0]
        predicted = network.teacher(vectors)
        figures = {
            "teacher": float(masked_mean(feature_distance(predicted, teacher), frames)),
            "cosine": float(masked_mean(F.cosine_similarity(predicted, teacher, dim=-1), frames)),
        }
        if self._classifier is not None:
            agreed = network.phones(vectors).argmax(-1) == self._classifier(teacher).argmax(-1)
            figures["phones_agreed"] = float(masked_mean(agreed.float(), frames))
        return figures


def feature_distance(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean squared error plus half the cosine distance of each vector. Shape: predicted, target [B, T, C] -> [B, T]."""
    return ((predicted - target) ** 2).mean(-1) + 0.5 * (1 - F.cosine_similarity(predicted, target, dim=-1))


def augment_vocal_tract(mel: Tensor, rng: np.random.Generator, max_warp: float = _MAX_WARP) -> Tensor:
    """Augment the vocal tract: a random frequency warp, spectral tilt and gain for each row.

    Args:
        mel: log-mel, [B, T, M].
        rng: random generator.
        max_warp: largest relative warp of the mel axis; the lowest band stays in place.

    Returns:
        Augmented log-mel, [B, T, M].
    """
    n_rows, _, n_bands = mel.shape
    warp = torch.from_numpy(rng.uniform(1 - max_warp, 1 + max_warp, n_rows)).float().to(mel.device)
    position = (torch.arange(n_bands, device=mel.device)[None] * warp[:, None]).clamp(0, n_bands - 1)
    low = position.floor().long()
    fraction = (position - low)[:, None]
    high = (low + 1).clamp_max(n_bands - 1)
    rows = torch.arange(n_rows, device=mel.device)[:, None]
    bands_first = mel.transpose(1, 2)  # [B, T, M] -> [B, M, T]
    warped = (
        bands_first[rows, low].transpose(1, 2) * (1 - fraction) + bands_first[rows, high].transpose(1, 2) * fraction
    )
    slope = torch.from_numpy(rng.uniform(-_MAX_TILT, _MAX_TILT, (n_rows, 1, 1))).float().to(mel.device)
    level = torch.from_numpy(rng.normal(0.0, _LEVEL_STD, (n_rows, 1, 1))).float().to(mel.device)
    return warped + slope * torch.linspace(-1, 1, n_bands, device=mel.device) + level


def augment_channel(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Augment the channel: a smooth random equalizer and, in half of the rows, a masked range of bands.

    Frequency masking after Park et al. 2019 (SpecAugment, section 2).

    Shape:
        mel      [B, T, M]
        returns  [B, T, M]
    """
    n_rows, _, n_bands = mel.shape
    knots = torch.from_numpy(rng.normal(0.0, _EQ_STD, (n_rows, 1, _N_EQ_KNOTS))).float().to(mel.device)
    response = F.interpolate(knots, n_bands, mode="linear", align_corners=True)  # [B, 1, M]
    width = np.where(rng.random(n_rows) < 0.5, rng.integers(1, _MAX_MASKED_BANDS + 1, n_rows), 0)
    first = rng.integers(0, n_bands - width + 1)
    band = np.arange(n_bands)[None]
    masked = torch.from_numpy((band >= first[:, None]) & (band < (first + width)[:, None]))[:, None].to(mel.device)
    return torch.where(masked, mel.mean(dim=(1, 2), keepdim=True), mel + response)
