"""Recipe that trains a speaker encoder to classify the training speakers from the log-mel of short segments.

The encoder does not ship; the cross-speaker phase uses it to compare a generated voice with the voice of the prompt.
Each speaker counts as three classes, as recorded and at two other playback speeds, so that pitch alone does not
identify a speaker. Spectral tilt and gain are random, to reduce the influence of the microphone. The loss is softmax
with additive angular margin (Deng et al. 2019, ArcFace, section 2.1).
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.constants import FRAMES_PER_SECOND, MELS_PER_FRAME
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.style import LiteStyleEncoder
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.recipes.content_encoder import augment_vocal_tract
from hierbatch.training.sampling import UNKNOWN_SPEAKER, UtteranceSegment, random_segment
from hierbatch.training.speed_augmentation import load_resampled
from hierbatch.training.tensors import to_tensor

_SPEEDS = (0.87, 1.0, 1.15)
_SEGMENT_FRAMES = (60, 120)
_MARGIN, _SCALE = 0.2, 20.0
_LOSS_WEIGHT = 0.2
_MIN_SPEECH_S = 6.0


class SpeakerEncoder(nn.Module):
    """Encoder of speaker embeddings of unit length. Legend: B batch, 2T mel frames, M mel bands, S channels.

    Shape:
        mel      [B, 2T, M]
        lengths  [B]  mel frames
        returns  [B, S]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.encoder = LiteStyleEncoder(config)

    def forward(self, mel: Tensor, lengths: Tensor) -> Tensor:
        return F.normalize(self.encoder(mel, lengths), dim=-1)


class SpeakerEncoderTrainingModule(nn.Module):
    """Speaker encoder with one weight vector per class; the vectors are used in this phase only."""

    def __init__(self, config: LiteConfig, n_classes: int) -> None:
        super().__init__()
        self.speaker_encoder = SpeakerEncoder(config)
        self.class_weights = nn.Parameter(F.normalize(torch.randn(n_classes, config.style_channels), dim=-1))


class SpeakerEncoderRecipe:
    """Recipe of the speaker encoder, which classifies `batch_size` segments of 1.2 to 2.4 s per step.

    All classes are equally likely.
    """

    def __init__(self, prepared: PreparedSet, config: LiteConfig, device: str = "cpu", batch_size: int = 32) -> None:
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._train = _utterances_by_speaker(prepared.split("train"))
        self._held_out = _utterances_by_speaker(prepared.split("development"))
        self.network = SpeakerEncoderTrainingModule(config, len(self._train) * len(_SPEEDS)).to(device)
        self._mel = LogMel().to(device)

    def losses(self, network: SpeakerEncoderTrainingModule, rng: np.random.Generator) -> Losses:
        speakers = rng.integers(0, len(self._train), self._batch_size)
        speed_indices = rng.integers(0, len(_SPEEDS), self._batch_size)
        n_frames = int(rng.integers(*_SEGMENT_FRAMES))
        segments = [_random_segment(self._train[speaker], n_frames, rng) for speaker in speakers]
        embeddings = self._embed(network, segments, speed_indices, rng)
        classes = to_tensor(speakers * len(_SPEEDS) + speed_indices, self._device)
        cosines = embeddings @ F.normalize(network.class_weights, dim=-1).T
        own = cosines.gather(1, classes[:, None]).clamp(-0.999, 0.999)
        with_margin = torch.cos(torch.acos(own) + _MARGIN)
        logits = _SCALE * cosines.scatter(1, classes[:, None], with_margin)
        return {"speaker": _LOSS_WEIGHT * F.cross_entropy(logits, classes)}

    @torch.no_grad()
    def validate(self, network: SpeakerEncoderTrainingModule) -> dict[str, float]:
        """Mean cosine of same-speaker and different-speaker pairs of held-out segments, and verification accuracy.

        The accuracy is the share of all combinations of a same-speaker and a different-speaker pair in which the former
        has the higher cosine.
        """
        rng = np.random.default_rng(0)
        segments = [_random_segment(utterances, 120, rng) for utterances in self._held_out for _ in range(2)]
        embeddings = self._embed(network, segments, np.full(len(segments), _SPEEDS.index(1.0)), None)
        cosines = embeddings[0::2] @ embeddings[1::2].T
        same, different = cosines.diagonal(), cosines[~torch.eye(len(cosines), dtype=torch.bool)]
        has_pairs = different.numel() > 0
        accuracy = (same[:, None] > different[None]).float().mean() if has_pairs else cosines.new_ones(())
        return {
            "same_speaker_cosine": float(same.mean()),
            "different_speaker_cosine": float(different.mean()) if has_pairs else 0.0,
            "accuracy": float(accuracy),
        }

    def _embed(
        self,
        network: SpeakerEncoderTrainingModule,
        segments: list[UtteranceSegment],
        speed_indices: np.ndarray,
        rng: np.random.Generator | None,
    ) -> Tensor:
        """Embed segments at the given speeds; with an `rng`, tilt and gain are random. Shape: [B, S]."""
        batch = load_resampled(self._prepared, segments, np.array(_SPEEDS, np.float32)[speed_indices])
        mel = self._mel(to_tensor(batch.audio, self._device))
        if rng is not None:
            mel = augment_vocal_tract(mel, rng, max_warp=0.0)
        embeddings: Tensor = network.speaker_encoder(mel, to_tensor(batch.lengths * MELS_PER_FRAME, self._device))
        return embeddings


def _utterances_by_speaker(utterances: list[PreparedUtterance]) -> list[list[PreparedUtterance]]:
    """Utterances of each known speaker with 6 s of speech or more; of all known speakers if none has so much."""
    by_speaker: dict[str, list[PreparedUtterance]] = defaultdict(list)
    for utterance in utterances:
        if UNKNOWN_SPEAKER not in utterance.speaker:
            by_speaker[utterance.speaker].append(utterance)
    min_frames = _MIN_SPEECH_S * FRAMES_PER_SECOND
    enough = [spoken for spoken in by_speaker.values() if sum(u.n_frames for u in spoken) >= min_frames]
    return enough or list(by_speaker.values())


def _random_segment(utterances: list[PreparedUtterance], n_frames: int, rng: np.random.Generator) -> UtteranceSegment:
    return random_segment(utterances[int(rng.integers(len(utterances)))], n_frames, rng)
