"""Train the text side: phonemes and a prompt to durations, semantic vectors and F0.

The vectors it learns to say are those the trained content encoder hears in the recording, where there is one: they
hold what the acoustic stage needs, more than the teacher's alone; and where a mean of several is the nearest guess, it
is still to read as the phone that was meant. A speaker's vectors are nearly free of the speaker,
so some prompts are of somebody else or of a voice moved in pitch: a language must not hang on the few who speak it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.frontend.phonemes import encode
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.models.lite.text_to_vector import F0_SCALE, TextBatch, TextToVector
from hierbatch.training.alignment import silence_as_one
from hierbatch.training.excerpts import AlignedUtterance, Excerpt
from hierbatch.training.loop import Losses
from hierbatch.training.masking import masked_mean
from hierbatch.training.phones import UNKNOWN, phone_loss
from hierbatch.training.prepared import PreparedSet, Utterance, read_alignments
from hierbatch.training.sampling import Floats, Piece, SoundBatch, SpeakerSampler, load_batch, random_piece
from hierbatch.training.virtual_speakers import load_shifted, random_ratios
from hierbatch.units import MELS_PER_FRAME

_PROMPT_FRAMES = (75, 225)
_LONGEST_FRAMES = 450
_FRAMES_A_BATCH = 1600
_KOREAN_SHARE = 0.45
_PHONE_WEIGHT = 0.1
_STRANGER_SHARE = {"en": 0.1, "ko": 0.35}
"""How often the prompt is somebody else's, by language: Korean is spoken by few, and asked of everybody."""


class TextToVectorRecipe:
    """Utterances, or stretches of them, about half a minute of speech a step."""

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        frames_a_batch: int = _FRAMES_A_BATCH,
        content: ContentEncoder | None = None,
        phones: nn.Linear | None = None,
    ) -> None:
        self.network: TextToVector = TextToVector(config).to(device)
        self._content = None if content is None else content.to(device).eval().requires_grad_(False)
        self._phones = None if phones is None else phones.to(device).eval().requires_grad_(False)
        self._prepared, self._device, self._frames_a_batch = prepared, device, frames_a_batch
        self._mel = LogMel().to(device)
        found = read_alignments(prepared.folder)
        self._aligned = {
            u.id: AlignedUtterance(u, encode(found[u.id][0], u.language), found[u.id][1])
            for u in prepared.utterances
            if u.id in found
        }
        usable = [aligned.utterance for aligned in self._aligned.values()]
        self._medians = _speaker_medians(prepared, usable)
        self._sampler = SpeakerSampler([u for u in usable if u.split == "train"], korean_share=_KOREAN_SHARE)
        self._strangers = SpeakerSampler(prepared.split("train"), korean_share=None)
        held = [u for u in usable if u.split != "train" and u.n_frames <= _LONGEST_FRAMES] or usable
        self._held_sampler = SpeakerSampler(held)
        rng = np.random.default_rng(0)
        drawn = [self._aligned[self._held_sampler.draw(rng).id].whole() for _ in range(32)]
        self._held_out = [(excerpt, self._held_sampler.prompt_for(excerpt.piece, 200, rng)) for excerpt in drawn]

    def losses(self, network: TextToVector, rng: np.random.Generator) -> Losses:
        excerpts = self._draw(rng)
        n_frames = int(rng.integers(*_PROMPT_FRAMES))
        prompts = [self._prompt_for(excerpt, n_frames, rng) for excerpt in excerpts]
        return self._losses_of(network, excerpts, prompts, random_ratios(len(prompts), rng))

    @torch.no_grad()
    def validate(self, network: TextToVector) -> dict[str, float]:
        excerpts, prompts = [e for e, _ in self._held_out], [prompt for _, prompt in self._held_out]
        ratios = np.ones(len(prompts), np.float32)
        return {name: float(value) for name, value in self._losses_of(network, excerpts, prompts, ratios).items()}

    def _draw(self, rng: np.random.Generator) -> list[Excerpt]:
        drawn: list[Excerpt] = []
        longest = 0
        while True:
            excerpt = self._aligned[self._sampler.draw(rng).id].draw(_LONGEST_FRAMES, rng)
            if excerpt is None:
                continue
            longest = max(longest, excerpt.piece.n_frames)
            if drawn and longest * (len(drawn) + 1) > self._frames_a_batch:
                return drawn
            drawn.append(excerpt)

    def _prompt_for(self, excerpt: Excerpt, n_frames: int, rng: np.random.Generator) -> Piece:
        if rng.random() < _STRANGER_SHARE[excerpt.piece.utterance.language]:
            return random_piece(self._strangers.draw(rng), n_frames, rng)
        return self._sampler.prompt_for(excerpt.piece, n_frames, rng)

    def _losses_of(
        self, network: TextToVector, excerpts: Sequence[Excerpt], prompts: Sequence[Piece], ratios: Floats
    ) -> Losses:
        batch = load_batch(self._prepared, [excerpt.piece for excerpt in excerpts])
        prompt = load_shifted(self._prepared, prompts, ratios)
        text = TextBatch.of([excerpt.ids for excerpt in excerpts], self._device)
        rows = [torch.tensor(excerpt.durations) for excerpt in excerpts]
        durations = nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
        lengths = torch.from_numpy(prompt.lengths * MELS_PER_FRAME).to(self._device)
        style = network.style(self._mel(self._tensor(prompt.audio)), lengths)
        hidden = network.encode(text, style)
        guessed = network.log_durations(hidden, text, style)
        prosody = network.decode(hidden, durations, style)
        symbols = length_mask(text.lengths, text.symbols.shape[1])
        frames = length_mask(durations.sum(1), batch.semantic.shape[1])
        pitched = frames.repeat_interleave(MELS_PER_FRAME, 1)
        voiced = self._tensor(batch.voiced) * pitched
        medians = torch.tensor([self._medians[e.piece.utterance.speaker] for e in excerpts], device=self._device)
        wanted_f0 = torch.log(self._tensor(batch.f0_hz)) - torch.log(medians)[:, None]
        unvoiced = F.binary_cross_entropy_with_logits(prosody.voicing, voiced, reduction="none")
        losses = {
            "duration": 0.3 * masked_mean((guessed - torch.log1p(durations.float())) ** 2, symbols),
            "semantic": masked_mean(_mixed_error(prosody.semantic, self._heard(batch, frames)), frames),
            "pitch": 0.5 * masked_mean((prosody.log_f0 - wanted_f0).abs() * F0_SCALE, voiced > 0),
            "voicing": 0.5 * masked_mean(unvoiced, pitched),
        }
        if self._phones is not None:
            labels = _labels(excerpts, batch.semantic.shape[1]).to(self._device)
            losses["phones"] = _PHONE_WEIGHT * phone_loss(self._phones(prosody.semantic), labels)
        return losses

    @torch.no_grad()
    def _heard(self, batch: SoundBatch, frames: Tensor) -> Tensor:
        """Semantic vectors of the recordings. Shape: [B, T, C]."""
        if self._content is None:
            return self._tensor(batch.semantic)
        heard: Tensor = self._content(self._mel(self._tensor(batch.audio)), frames[..., None])
        return heard

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def _mixed_error(made: Tensor, wanted: Tensor) -> Tensor:
    """Squared plus half absolute error, mean over channels. Shape: [B, T, C] -> [B, T]."""
    difference = made - wanted
    return (difference**2 + 0.5 * difference.abs()).mean(-1)


def _labels(excerpts: Sequence[Excerpt], longest: int) -> Tensor:
    """The phone of each frame. Shape: [B, longest]."""
    labels = np.full((len(excerpts), longest), UNKNOWN, np.int64)
    for row, excerpt in zip(labels, excerpts, strict=True):
        row[: excerpt.piece.n_frames] = np.repeat(silence_as_one(excerpt.ids.symbols), excerpt.durations)
    return torch.from_numpy(labels)


def _speaker_medians(prepared: PreparedSet, utterances: Sequence[Utterance]) -> dict[str, float]:
    """Median F0 of each speaker's voiced frames, in Hz."""
    tracks: dict[str, list[np.ndarray]] = {}
    for utterance in utterances:
        tracks.setdefault(utterance.speaker, []).append(prepared.f0_hz(utterance))
    medians = {}
    for speaker, parts in tracks.items():
        voiced = np.concatenate(parts)
        voiced = voiced[voiced > 0]
        medians[speaker] = float(np.median(voiced)) if len(voiced) else 150.0
    return medians
