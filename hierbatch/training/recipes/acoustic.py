"""Train the acoustic stage: semantic vectors, F0 and another stretch of the same voice, to log-mel."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.acoustic import Acoustic, pitch_features
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.training.loop import Losses
from hierbatch.training.masking import masked_mean
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import Piece, SoundBatch, SpeakerSampler, load_batch, random_piece
from hierbatch.units import MELS_PER_FRAME

_PIECE_FRAMES = 64
_PROMPT_FRAMES = (75, 225)
_SEMANTIC_NOISE = 0.1


class AcousticRecipe:
    """`batch_size` pieces of 1.3 seconds a step, each with a prompt of two to six seconds."""

    def __init__(self, prepared: PreparedSet, config: LiteConfig, device: str = "cpu", batch_size: int = 16) -> None:
        self.network: Acoustic = Acoustic(config).to(device)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.25)
        self._mel = LogMel().to(device)
        rng = np.random.default_rng(0)
        self._held_sampler = SpeakerSampler(prepared.split("development"))
        held = [random_piece(self._held_sampler.draw(rng), _PIECE_FRAMES, rng) for _ in range(48)]
        self._held_out = [(piece, self._held_sampler.prompt_for(piece, 200, rng)) for piece in held]

    def losses(self, network: Acoustic, rng: np.random.Generator) -> Losses:
        pieces = [random_piece(self._sampler.draw(rng), _PIECE_FRAMES, rng) for _ in range(self._batch_size)]
        n_frames = int(rng.integers(*_PROMPT_FRAMES))
        prompts = [self._sampler.prompt_for(piece, n_frames, rng) for piece in pieces]
        made, wanted, mask = self._run(network, pieces, prompts, rng)
        return {"mel": _masked_l1(made, wanted, mask)}

    @torch.no_grad()
    def validate(self, network: Acoustic) -> dict[str, float]:
        pieces, prompts = [piece for piece, _ in self._held_out], [prompt for _, prompt in self._held_out]
        made, wanted, mask = self._run(network, pieces, prompts, None)
        moving = made.diff(dim=1).abs().mean() / wanted.diff(dim=1).abs().mean()
        return {"mel": float(_masked_l1(made, wanted, mask)), "movement": float(moving)}

    def _run(
        self, network: Acoustic, pieces: list[Piece], prompts: list[Piece], rng: np.random.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, prompt = load_batch(self._prepared, pieces), load_batch(self._prepared, prompts)
        semantic = self._tensor(batch.semantic)
        if rng is not None:
            noise = rng.standard_normal(batch.semantic.shape, np.float32)
            semantic = semantic + _SEMANTIC_NOISE * self._tensor(noise)
        lengths = torch.from_numpy(batch.lengths).to(self._device)
        mask = length_mask(lengths, semantic.shape[1])[..., None]
        style = network.style(self._mel(self._tensor(prompt.audio)), self._prompt_lengths(prompt))
        pitch = pitch_features(self._tensor(batch.f0_hz), self._tensor(batch.voiced))
        wanted = self._mel(self._tensor(batch.audio))
        return network(semantic, pitch, style, mask), wanted, mask.repeat_interleave(MELS_PER_FRAME, 1)

    def _prompt_lengths(self, prompt: SoundBatch) -> Tensor:
        return torch.from_numpy(prompt.lengths * MELS_PER_FRAME).to(self._device)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def _masked_l1(made: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    return masked_mean((made - wanted).abs().mean(-1), mask[..., 0])
