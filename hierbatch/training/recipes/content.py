"""Train the content encoder: log-mel of anybody, disguised, to what is said.

Three aims at once. The phones, as an alignment knows them or as a reader of the teacher's vectors hears them, so that
speech without texts teaches too; the teacher's vectors themselves, which say more than phones; and, where there is an
encoder already, the place of its vectors, so that what was learned on top of it goes on from there.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.training.loop import Losses
from hierbatch.training.masking import masked_mean
from hierbatch.training.phone_reader import learn_to_read
from hierbatch.training.phones import UNKNOWN, labels_of_pieces, phones_of_frames
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import SoundBatch, SpeakerSampler, load_batch, random_piece
from hierbatch.training.virtual_speakers import load_shifted, random_ratios

_PIECE_FRAMES = 100
_MOST_WARP = 0.12
_MOST_TILT = 0.5
_MOST_NOISE = 0.01
_N_KNOTS, _KNOT_SPREAD = 8, 0.2
_MOST_LOST_BANDS = 14
_SHIFTED_SHARE = 0.7
_TEACHER_WEIGHT, _PLACE_WEIGHT, _SIZE_WEIGHT = 0.5, 0.2, 0.1


class ContentSide(nn.Module):
    """The content encoder, and two readings of its vectors that ship nowhere."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.content = ContentEncoder(config)
        self.phones = nn.Linear(config.semantic_channels, config.n_symbols)
        self.teacher = nn.Linear(config.semantic_channels, config.semantic_channels)


class ContentRecipe:
    """`batch_size` pieces of two seconds a step; their vocal tract, tilt, level and room are changed at random."""

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 16,
        before: ContentEncoder | None = None,
    ) -> None:
        self.network = ContentSide(config).to(device)
        self._before = None if before is None else before.to(device).eval().requires_grad_(False)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.25)
        self._mel = LogMel().to(device)
        self._phones = phones_of_frames(prepared)
        self._reader = learn_to_read(prepared, self._phones).to(device) if self._phones else None
        rng = np.random.default_rng(0)
        held_out = SpeakerSampler(prepared.split("development"))
        self._held_out = [random_piece(held_out.draw(rng), _PIECE_FRAMES, rng) for _ in range(48)]

    def losses(self, network: ContentSide, rng: np.random.Generator) -> Losses:
        pieces = [random_piece(self._sampler.draw(rng), _PIECE_FRAMES, rng) for _ in range(self._batch_size)]
        batch = load_shifted(self._prepared, pieces, random_ratios(len(pieces), rng, _SHIFTED_SHARE))
        noise = rng.standard_normal(batch.audio.shape, np.float32)
        noise *= rng.random((len(pieces), 1), np.float32) ** 2 * _MOST_NOISE
        mel, clean, mask = (
            self._mel(self._tensor(batch.audio + noise)),
            self._mel(self._tensor(batch.audio)),
            self._mask(batch),
        )
        vectors, frames = network.content(worn(disguise(mel, rng), rng), mask), mask[..., 0]
        teacher = self._tensor(batch.semantic)
        size = masked_mean((vectors**2).mean(-1), frames)
        losses = {
            "teacher": _TEACHER_WEIGHT * masked_mean(_unlike(network.teacher(vectors), teacher), frames),
            # Readings are linear and would let the vectors grow; later stages compare them by distance.
            "size": _SIZE_WEIGHT * size.log() ** 2,
        }
        if self._reader is not None:
            read = self._reader(teacher).softmax(-1)
            labels = labels_of_pieces(self._phones, pieces, batch.lengths, vectors.shape[1]).to(self._device)
            said = F.one_hot(labels.clamp_min(0), read.shape[-1]).float()
            wanted = torch.where((labels == UNKNOWN)[..., None], read, 0.5 * (read + said))
            scores = network.phones(vectors).log_softmax(-1)
            losses["phones"] = masked_mean(-(wanted * scores).sum(-1), frames)
        if self._before is not None:
            with torch.no_grad():
                place = self._before(clean, mask)
            losses["place"] = _PLACE_WEIGHT * masked_mean(1 - F.cosine_similarity(vectors, place, dim=-1), frames)
        return losses

    @torch.no_grad()
    def validate(self, network: ContentSide) -> dict[str, float]:
        batch = load_batch(self._prepared, self._held_out)
        mask, teacher = self._mask(batch), self._tensor(batch.semantic)
        vectors, frames = network.content(self._mel(self._tensor(batch.audio)), mask), mask[..., 0]
        made = network.teacher(vectors)
        figures = {
            "teacher": float(masked_mean(_unlike(made, teacher), frames)),
            "cosine": float(masked_mean(F.cosine_similarity(made, teacher, dim=-1), frames)),
        }
        if self._reader is not None:
            same = network.phones(vectors).argmax(-1) == self._reader(teacher).argmax(-1)
            figures["phones_agreed"] = float(masked_mean(same.float(), frames))
        return figures

    def _mask(self, batch: SoundBatch) -> Tensor:
        return length_mask(torch.from_numpy(batch.lengths).to(self._device), batch.semantic.shape[1])[..., None]

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def _unlike(made: Tensor, wanted: Tensor) -> Tensor:
    """Squared error and angle of each vector. Shape: [B, T, C] -> [B, T]."""
    return ((made - wanted) ** 2).mean(-1) + 0.5 * (1 - F.cosine_similarity(made, wanted, dim=-1))


def disguise(mel: Tensor, rng: np.random.Generator, most_warp: float = _MOST_WARP) -> Tensor:
    """Another vocal tract, tilt and level: the mel axis stretched about its low end, a slope and an offset added.

    Shape:
        mel      [B, T, M]
        returns  [B, T, M]
    """
    n_rows, _, n_bands = mel.shape
    stretch = torch.from_numpy(rng.uniform(1 - most_warp, 1 + most_warp, n_rows)).float().to(mel.device)
    place = (torch.arange(n_bands, device=mel.device)[None] * stretch[:, None]).clamp(0, n_bands - 1)
    low = place.floor().long()
    share = (place - low)[:, None]
    high = (low + 1).clamp_max(n_bands - 1)
    rows = torch.arange(n_rows, device=mel.device)[:, None]
    across = mel.transpose(1, 2)  # [B, T, M] -> [B, M, T]
    warped = across[rows, low].transpose(1, 2) * (1 - share) + across[rows, high].transpose(1, 2) * share
    slope = torch.from_numpy(rng.uniform(-_MOST_TILT, _MOST_TILT, (n_rows, 1, 1))).float().to(mel.device)
    level = torch.from_numpy(rng.normal(0.0, 0.15, (n_rows, 1, 1))).float().to(mel.device)
    return warped + slope * torch.linspace(-1, 1, n_bands, device=mel.device) + level


def worn(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Another microphone: a smooth random response, and in half of the rows a stretch of bands gone flat.

    Masking after Park et al. 2019 (SpecAugment, section 2).

    Shape:
        mel      [B, T, M]
        returns  [B, T, M]
    """
    n_rows, _, n_bands = mel.shape
    knots = torch.from_numpy(rng.normal(0.0, _KNOT_SPREAD, (n_rows, 1, _N_KNOTS))).float().to(mel.device)
    response = F.interpolate(knots, n_bands, mode="linear", align_corners=True)  # [B, 1, M]
    width = np.where(rng.random(n_rows) < 0.5, rng.integers(1, _MOST_LOST_BANDS + 1, n_rows), 0)
    first = rng.integers(0, n_bands - width + 1)
    band = np.arange(n_bands)[None]
    lost = torch.from_numpy((band >= first[:, None]) & (band < (first + width)[:, None]))[:, None].to(mel.device)
    return torch.where(lost, mel.mean(dim=(1, 2), keepdim=True), mel + response)
