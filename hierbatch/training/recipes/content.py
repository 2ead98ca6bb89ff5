"""Train the content encoder: log-mel of anybody, disguised, to the teacher's semantic vectors."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.training.loop import Losses
from hierbatch.training.masking import masked_mean
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import Piece, SpeakerSampler, load_batch, random_piece

_PIECE_FRAMES = 96
_MOST_WARP = 0.12
_MOST_TILT = 0.5
_MOST_NOISE = 0.004


class ContentRecipe:
    """`batch_size` pieces of two seconds a step; their vocal tract, tilt, level and room are changed at random."""

    def __init__(self, prepared: PreparedSet, config: LiteConfig, device: str = "cpu", batch_size: int = 12) -> None:
        self.network = ContentEncoder(config).to(device)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.2)
        self._mel = LogMel().to(device)
        rng = np.random.default_rng(0)
        held_out = SpeakerSampler(prepared.split("development"))
        self._held_out = [random_piece(held_out.draw(rng), _PIECE_FRAMES, rng) for _ in range(48)]

    def losses(self, network: ContentEncoder, rng: np.random.Generator) -> Losses:
        pieces = [random_piece(self._sampler.draw(rng), _PIECE_FRAMES, rng) for _ in range(self._batch_size)]
        made, wanted, frames = self._run(network, pieces, rng)
        return {
            "squared": masked_mean(((made - wanted) ** 2).mean(-1), frames),
            "angle": 0.5 * masked_mean(1 - F.cosine_similarity(made, wanted, dim=-1), frames),
        }

    @torch.no_grad()
    def validate(self, network: ContentEncoder) -> dict[str, float]:
        made, wanted, frames = self._run(network, self._held_out, None)
        return {
            "squared": float(masked_mean(((made - wanted) ** 2).mean(-1), frames)),
            "cosine": float(masked_mean(F.cosine_similarity(made, wanted, dim=-1), frames)),
        }

    def _run(
        self, network: ContentEncoder, pieces: list[Piece], rng: np.random.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch = load_batch(self._prepared, pieces)
        audio = batch.audio
        if rng is not None:
            noise = rng.standard_normal(audio.shape, np.float32)
            audio = audio + noise * (rng.random((len(audio), 1), np.float32) ** 2 * _MOST_NOISE)
        mel = self._mel(torch.from_numpy(audio).to(self._device))
        if rng is not None:
            mel = disguise(mel, rng)
        lengths = torch.from_numpy(batch.lengths).to(self._device)
        mask = length_mask(lengths, batch.semantic.shape[1])
        return network(mel, mask[..., None]), torch.from_numpy(batch.semantic).to(self._device), mask


def disguise(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Another vocal tract, tilt and level: the mel axis stretched about its low end, a slope and an offset added.

    Shape:
        mel      [B, T, M]
        returns  [B, T, M]
    """
    n_rows, _, n_bands = mel.shape
    stretch = torch.from_numpy(rng.uniform(1 - _MOST_WARP, 1 + _MOST_WARP, n_rows)).float().to(mel.device)
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
