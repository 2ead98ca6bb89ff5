"""Train the text side: phonemes and a prompt to durations, semantic vectors and F0."""

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
from hierbatch.models.lite.text_to_vector import F0_SCALE, TextBatch, TextToVector
from hierbatch.training.loop import Losses
from hierbatch.training.masking import masked_mean
from hierbatch.training.prepared import PreparedSet, Utterance, read_alignments
from hierbatch.training.sampling import Piece, SpeakerSampler, load_batch
from hierbatch.units import MELS_PER_FRAME

_PROMPT_FRAMES = (75, 225)
_LONGEST_FRAMES = 600
_FRAMES_A_BATCH = 1600
_EDGE_FRAMES = 5


class TextToVectorRecipe:
    """Whole utterances, about half a minute of speech a step."""

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        frames_a_batch: int = _FRAMES_A_BATCH,
    ) -> None:
        self.network: TextToVector = TextToVector(config).to(device)
        self._prepared, self._device, self._frames_a_batch = prepared, device, frames_a_batch
        self._mel = LogMel().to(device)
        alignments = read_alignments(prepared.folder)
        self._ids = {u.id: encode(alignments[u.id][0], u.language) for u in prepared.utterances if u.id in alignments}
        usable = [u for u in prepared.utterances if u.id in self._ids and u.n_frames <= _LONGEST_FRAMES]
        self._pieces = {u.id: _without_silent_ends(u, alignments[u.id][1]) for u in usable}
        self._medians = _speaker_medians(prepared, usable)
        self._sampler = SpeakerSampler([u for u in usable if u.split == "train"], korean_share=0.35)
        held = [u for u in usable if u.split != "train"] or usable
        self._held_sampler = SpeakerSampler(held)
        rng = np.random.default_rng(0)
        drawn = [self._held_sampler.draw(rng) for _ in range(32)]
        self._held_out = [(u, self._held_sampler.prompt_for(self._pieces[u.id][0], 200, rng)) for u in drawn]

    def losses(self, network: TextToVector, rng: np.random.Generator) -> Losses:
        utterances = self._draw(rng)
        n_frames = int(rng.integers(*_PROMPT_FRAMES))
        prompts = [self._sampler.prompt_for(self._pieces[u.id][0], n_frames, rng) for u in utterances]
        return self._losses_of(network, utterances, prompts)

    @torch.no_grad()
    def validate(self, network: TextToVector) -> dict[str, float]:
        utterances, prompts = [u for u, _ in self._held_out], [prompt for _, prompt in self._held_out]
        return {name: float(value) for name, value in self._losses_of(network, utterances, prompts).items()}

    def _draw(self, rng: np.random.Generator) -> list[Utterance]:
        drawn: list[Utterance] = []
        longest = 0
        while True:
            utterance = self._sampler.draw(rng)
            longest = max(longest, utterance.n_frames)
            if drawn and longest * (len(drawn) + 1) > self._frames_a_batch:
                return drawn
            drawn.append(utterance)

    def _losses_of(self, network: TextToVector, utterances: Sequence[Utterance], prompts: Sequence[Piece]) -> Losses:
        batch = load_batch(self._prepared, [self._pieces[u.id][0] for u in utterances])
        prompt = load_batch(self._prepared, prompts)
        text, durations = self._text(utterances)
        lengths = torch.from_numpy(prompt.lengths * MELS_PER_FRAME).to(self._device)
        style = network.style(self._mel(self._tensor(prompt.audio)), lengths)
        hidden = network.encode(text, style)
        guessed = network.log_durations(hidden, text, style)
        prosody = network.decode(hidden, durations, style)
        symbols = length_mask(text.lengths, text.symbols.shape[1])
        frames = length_mask(durations.sum(1), batch.semantic.shape[1])
        pitched = frames.repeat_interleave(MELS_PER_FRAME, 1)
        voiced = self._tensor(batch.voiced) * pitched
        medians = torch.tensor([self._medians[u.speaker] for u in utterances], device=self._device)
        wanted_f0 = torch.log(self._tensor(batch.f0_hz)) - torch.log(medians)[:, None]
        semantic = self._tensor(batch.semantic)
        return {
            "duration": 0.3 * masked_mean((guessed - torch.log1p(durations.float())) ** 2, symbols),
            "semantic": masked_mean(_mixed_error(prosody.semantic, semantic), frames),
            "pitch": 0.5 * masked_mean((prosody.log_f0 - wanted_f0).abs() * F0_SCALE, voiced > 0),
            "voicing": 0.5
            * masked_mean(F.binary_cross_entropy_with_logits(prosody.voicing, voiced, reduction="none"), pitched),
        }

    def _text(self, utterances: Sequence[Utterance]) -> tuple[TextBatch, Tensor]:
        ids = [self._ids[u.id] for u in utterances]
        durations = [torch.tensor(self._pieces[u.id][1]) for u in utterances]
        return TextBatch.of(ids, self._device), nn.utils.rnn.pad_sequence(durations, batch_first=True).to(self._device)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(values).to(self._device)


def _without_silent_ends(utterance: Utterance, frames: Sequence[int]) -> tuple[Piece, tuple[int, ...]]:
    """The utterance and its durations with at most a tenth of a second of silence at either end."""
    lead, tail = max(0, frames[0] - _EDGE_FRAMES), max(0, frames[-1] - _EDGE_FRAMES)
    kept = (frames[0] - lead, *frames[1:-1], frames[-1] - tail)
    return Piece(utterance, lead, utterance.n_frames - lead - tail), kept


def _mixed_error(made: Tensor, wanted: Tensor) -> Tensor:
    """Squared plus half absolute error, mean over channels. Shape: [B, T, C] -> [B, T]."""
    difference = made - wanted
    return (difference**2 + 0.5 * difference.abs()).mean(-1)


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
