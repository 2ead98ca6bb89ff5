"""Train the acoustic stage and, with it, the content encoder that voice conversion enters by.

Half of a batch comes from the teacher's semantic vectors, as text to speech will; half from the content encoder's own
reading of a disguised recording, as conversion will. The spectrum's error reaches the encoder through that half, so
that it learns what the teacher's vectors leave unsaid, while the teacher keeps it speaking the chain's language
(information perturbation, Choi et al. 2021, NANSY, section 3). Both read the timbre from another stretch of the voice.

Two schools follow one another. In `acoustic` the teacher is whoever made the prepared set's vectors. In `conversion` it
is the content encoder that `acoustic` left, which the text side has learned to speak like: the acoustic stage must go
on understanding it, while the encoder itself, freed, learns to tell phones apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.acoustic import Acoustic, pitch_features
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.training.loop import Losses
from hierbatch.training.masking import masked_mean
from hierbatch.training.phones import labels_of_pieces, phone_loss, phones_of_frames
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.recipes.content import disguise
from hierbatch.training.sampling import Piece, SoundBatch, SpeakerSampler, load_batch, random_piece
from hierbatch.training.virtual_speakers import load_shifted, random_ratios
from hierbatch.units import MELS_PER_FRAME

_PIECE_FRAMES = 80
_PROMPT_FRAMES = (75, 250)
_SEMANTIC_NOISE = 0.1
_CONTENT_WEIGHT, _FREED_CONTENT_WEIGHT = 0.15, 0.05
_PHONE_WEIGHT = 0.15
_NO_PITCH_HZ = 150.0


class SoundSide(nn.Module):
    """The networks that learn together here; `phones` is a judge of the content encoder and ships nowhere."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.acoustic = Acoustic(config)
        self.content = ContentEncoder(config)
        self.phones = nn.Linear(config.semantic_channels, config.n_symbols)


@dataclass(frozen=True, slots=True)
class Voices:
    """Prompts as the acoustic stage takes them.

    Shape:
        style         [B, S]
        median_f0_hz  [B]
    """

    style: Tensor
    frames: PromptFrames
    median_f0_hz: Tensor


@dataclass(frozen=True, slots=True)
class Pairs:
    """Recorded pieces and the same made by the networks; the first `n_taught` rows from the teacher's vectors.

    Shape:
        mel, made  [B, 2T, M]
        mask       [B, T, 1]
        taught     [B, T, C]             the teacher's vectors
        heard      [B - n_taught, T, C]  the content encoder's, of the further rows
    """

    n_taught: int
    pieces: Sequence[Piece]
    batch: SoundBatch
    mel: Tensor
    mask: Tensor
    taught: Tensor
    heard: Tensor
    voices: Voices
    made: Tensor


class AcousticRecipe:
    """`batch_size` pieces of 1.6 seconds a step, each with a prompt of one and a half to five seconds."""

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 12,
        teacher: ContentEncoder | None = None,
    ) -> None:
        self.network = SoundSide(config).to(device)
        self._teacher = None if teacher is None else teacher.to(device).eval().requires_grad_(False)
        self._content_weight = _CONTENT_WEIGHT if teacher is None else _FREED_CONTENT_WEIGHT
        self._phones = phones_of_frames(prepared)
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._sampler = SpeakerSampler(prepared.split("train"), korean_share=0.25)
        self._mel = LogMel().to(device)
        rng = np.random.default_rng(0)
        self._held_sampler = SpeakerSampler(prepared.split("development"))
        held = [random_piece(self._held_sampler.draw(rng), _PIECE_FRAMES, rng) for _ in range(48)]
        self._held_out = [(piece, self._held_sampler.prompt_for(piece, 200, rng)) for piece in held]

    def losses(self, network: SoundSide, rng: np.random.Generator) -> Losses:
        return self._paired_losses(network, self._pair(network, rng))

    def _pair(self, network: SoundSide, rng: np.random.Generator) -> Pairs:
        """Pieces made anew in their own voices; the second half of them by the content encoder's reading."""
        pieces = [random_piece(self._sampler.draw(rng), _PIECE_FRAMES, rng) for _ in range(self._batch_size)]
        n_frames = int(rng.integers(*_PROMPT_FRAMES))
        ratios = random_ratios(len(pieces), rng)
        batch = load_shifted(self._prepared, pieces, ratios)
        prompts = [self._sampler.prompt_for(piece, n_frames, rng) for piece in pieces]
        mel, mask = self._mel(self._tensor(batch.audio)), self._mask(batch)
        n_taught = len(pieces) // 2
        taught = self._taught(batch, mel, mask)
        heard = network.content(disguise(mel[n_taught:], rng), mask[n_taught:])
        noise = self._tensor(rng.standard_normal(batch.semantic[:n_taught].shape, np.float32))
        semantic = torch.cat([taught[:n_taught] + _SEMANTIC_NOISE * noise, heard])
        voices = self._read_prompts(network, load_shifted(self._prepared, prompts, ratios))
        pitch = pitch_features(self._tensor(batch.f0_hz), self._tensor(batch.voiced))
        made = network.acoustic(semantic, pitch, voices.style, voices.frames, mask)
        return Pairs(n_taught, pieces, batch, mel, mask, taught, heard, voices, made)

    def _paired_losses(self, network: SoundSide, pairs: Pairs) -> Losses:
        n_taught, mask, made, mel = pairs.n_taught, pairs.mask, pairs.made, pairs.mel
        frames, aim = mask[n_taught:, :, 0], pairs.taught[n_taught:]
        likeness = ((pairs.heard - aim) ** 2).mean(-1) + 0.5 * (1 - F.cosine_similarity(pairs.heard, aim, dim=-1))
        mels = mask.repeat_interleave(MELS_PER_FRAME, 1)
        labels = labels_of_pieces(
            self._phones, pairs.pieces[n_taught:], pairs.batch.lengths[n_taught:], pairs.heard.shape[1]
        ).to(self._device)
        return {
            "mel": 0.5 * _masked_l1(made[:n_taught], mel[:n_taught], mels[:n_taught]),
            "mel_heard": 1.0 * _masked_l1(made[n_taught:], mel[n_taught:], mels[n_taught:]),
            "content": self._content_weight * masked_mean(likeness, frames),
            "phones": _PHONE_WEIGHT * phone_loss(network.phones(pairs.heard), labels),
        }

    @torch.no_grad()
    def validate(self, network: SoundSide) -> dict[str, float]:
        batch, prompt = (load_batch(self._prepared, [pair[side] for pair in self._held_out]) for side in (0, 1))
        mel, mask = self._mel(self._tensor(batch.audio)), self._mask(batch)
        taught, mels = self._taught(batch, mel, mask), mask.repeat_interleave(MELS_PER_FRAME, 1)
        heard = network.content(mel, mask)
        voices = self._read_prompts(network, prompt)
        pitch = pitch_features(self._tensor(batch.f0_hz), self._tensor(batch.voiced))
        made = network.acoustic(taught, pitch, voices.style, voices.frames, mask)
        by_ear = network.acoustic(heard, pitch, voices.style, voices.frames, mask)
        moving = made.diff(dim=1).abs().mean() / mel.diff(dim=1).abs().mean()
        return {
            "mel": float(_masked_l1(made, mel, mels)),
            "mel_heard": float(_masked_l1(by_ear, mel, mels)),
            "cosine": float(masked_mean(F.cosine_similarity(heard, taught, dim=-1), mask[..., 0])),
            "movement": float(moving),
        }

    @torch.no_grad()
    def _taught(self, batch: SoundBatch, mel: Tensor, mask: Tensor) -> Tensor:
        """Semantic vectors as the teacher has them. Shape: [B, T, C]."""
        if self._teacher is None:
            return self._tensor(batch.semantic)
        vectors: Tensor = self._teacher(mel, mask)
        return vectors

    def _read_prompts(self, network: SoundSide, prompt: SoundBatch) -> Voices:
        mel, lengths = self._mel(self._tensor(prompt.audio)), torch.from_numpy(prompt.lengths).to(self._device)
        style = network.acoustic.style(mel, lengths * MELS_PER_FRAME)
        with torch.no_grad():  # the prompt is looked up, not learned from
            keys = network.content(mel, length_mask(lengths, prompt.semantic.shape[1])[..., None])
        medians = [
            float(np.median(f0[on > 0])) if on.any() else _NO_PITCH_HZ
            for f0, on in zip(prompt.f0_hz, prompt.voiced, strict=True)
        ]
        return Voices(style, PromptFrames(keys, mel, lengths), torch.tensor(medians, device=self._device))

    def _mask(self, batch: SoundBatch) -> Tensor:
        return length_mask(torch.from_numpy(batch.lengths).to(self._device), batch.semantic.shape[1])[..., None]

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def _masked_l1(made: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    return masked_mean((made - wanted).abs().mean(-1), mask[..., 0])
