"""Train the acoustic stage and the content encoder for what nobody recorded: words in the voice of somebody else.

The schools before it only ever saw a speaker's words with that speaker's voice. Here a batch has, beside those pairs,
rows whose voice is another's: a recording's content under another prompt, as conversion asks, and texts as the finished
text side says them, as text to speech asks. No recording tells how they should sound; two judges do. The content
encoder, held still, must hear the phones that were meant (cycle consistency, Zhu et al. 2017), and a judge of voices
the prompt's voice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import functional_call

from hierbatch.frontend.phonemes import encode
from hierbatch.models.lite.acoustic import pitch_features
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.content import ContentEncoder
from hierbatch.models.lite.text_to_vector import TextBatch, TextToVector
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.training.alignment import silence_as_one
from hierbatch.training.excerpts import AlignedUtterance, Excerpt
from hierbatch.training.loop import Losses
from hierbatch.training.masking import masked_mean
from hierbatch.training.phones import UNKNOWN, labels_of_pieces, phone_loss
from hierbatch.training.prepared import PreparedSet, read_alignments
from hierbatch.training.recipes.acoustic import AcousticRecipe, Pairs, SoundSide, Voices
from hierbatch.training.recipes.content import disguise
from hierbatch.training.recipes.likeness import VoiceJudge
from hierbatch.training.sampling import SpeakerSampler
from hierbatch.units import MELS_PER_FRAME

_N_SWAPPED, _N_SPOKEN = 4, 4
_LONGEST_SPOKEN_FRAMES = 90
_KOREAN_SHARE = 0.6
_F0_SPREAD = 1.45
_PHONE_WEIGHT, _VECTOR_WEIGHT, _VOICE_WEIGHT = 0.05, 0.05, 0.08


@dataclass(frozen=True, slots=True)
class Unheard:
    """Rows without a recording: what is to be said, in whose voice.

    Shape:
        semantic  [B, T, C]
        pitch     [B, T, 4]
        mask      [B, T, 1]
        labels    [B, T]     phones; unknown where no alignment says
        vectors   [B, T, C]  what the content encoder should hear; nothing where it never heard the row
    """

    semantic: Tensor
    pitch: Tensor
    mask: Tensor
    labels: Tensor
    voices: Voices
    vectors: Tensor | None


class StrangersRecipe(AcousticRecipe):
    """The pairs of `AcousticRecipe`, and as many rows again in strangers' voices."""

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 10,
        teacher: ContentEncoder | None = None,
        speaker: TextToVector | None = None,
        judge: VoiceJudge | None = None,
    ) -> None:
        super().__init__(prepared, config, device, batch_size, teacher)
        self._speaker = None if speaker is None else speaker.to(device).eval().requires_grad_(False)
        self._judge = None if judge is None else judge.to(device).eval().requires_grad_(False)
        found = read_alignments(prepared.folder)
        usable = [u for u in prepared.split("train") if u.id in found]
        self._aligned = {u.id: AlignedUtterance(u, encode(found[u.id][0], u.language), found[u.id][1]) for u in usable}
        self._texts = SpeakerSampler(usable, korean_share=_KOREAN_SHARE)

    def losses(self, network: SoundSide, rng: np.random.Generator) -> Losses:
        pairs = self._pair(network, rng)
        unheard = {"swapped": self._swapped(pairs, rng)}
        if self._speaker is not None:
            unheard["spoken"] = self._spoken(self._speaker, pairs, rng)
        losses = self._paired_losses(network, pairs)
        for name, rows in unheard.items():
            mel = network.acoustic(rows.semantic, rows.pitch, rows.voices.style, rows.voices.frames, rows.mask)
            losses[f"{name}_phones"] = self._understood(network, rows, mel, rng)
            if self._judge is not None:
                losses[f"{name}_voice"] = _VOICE_WEIGHT * _unlike(self._judge, rows, mel)
        return losses

    def _swapped(self, pairs: Pairs, rng: np.random.Generator) -> Unheard:
        """Heard rows under the prompt of another row, the melody moved to that voice's middle."""
        n_heard = len(pairs.heard)
        rows = torch.arange(min(_N_SWAPPED, n_heard))
        others = (rows + pairs.n_taught + int(rng.integers(1, len(pairs.pieces)))) % len(pairs.pieces)
        here = rows + pairs.n_taught
        voices = _picked(pairs.voices, others)
        f0_hz, voiced = self._tensor(pairs.batch.f0_hz)[here], self._tensor(pairs.batch.voiced)[here]
        own = pairs.voices.median_f0_hz[here]
        moved = f0_hz * (voices.median_f0_hz / own)[:, None]
        heard = pairs.heard[rows]
        labels = labels_of_pieces(
            self._phones, [pairs.pieces[i] for i in here], pairs.batch.lengths[here.numpy()], heard.shape[1]
        ).to(self._device)
        return Unheard(heard, pitch_features(moved, voiced), pairs.mask[here], labels, voices, heard.detach())

    @torch.no_grad()
    def _spoken(self, speaker: TextToVector, pairs: Pairs, rng: np.random.Generator) -> Unheard:
        """Texts as the text side says them to the prompts of this batch; whose phones are where it knows itself."""
        excerpts = [self._draw_text(rng) for _ in range(_N_SPOKEN)]
        voices = _picked(pairs.voices, torch.from_numpy(rng.permutation(len(pairs.pieces))[:_N_SPOKEN]))
        text = TextBatch.of([excerpt.ids for excerpt in excerpts], self._device)
        rows = [torch.tensor(excerpt.durations) for excerpt in excerpts]
        durations = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
        style = speaker.style(voices.frames.mel, voices.frames.lengths * MELS_PER_FRAME)
        prosody = speaker.decode(speaker.encode(text, style), durations, style)
        mask = length_mask(durations.sum(1), prosody.semantic.shape[1])
        f0_hz = (voices.median_f0_hz[:, None] * torch.exp(_F0_SPREAD * prosody.log_f0)).clamp(50.0, 600.0)
        labels = [np.repeat(silence_as_one(e.ids.symbols), e.durations) for e in excerpts]
        known = [torch.from_numpy(row.astype(np.int64)) for row in labels]
        padded = torch.nn.utils.rnn.pad_sequence(known, batch_first=True, padding_value=UNKNOWN).to(self._device)
        pitch = pitch_features(f0_hz, (prosody.voicing > 0).float())
        return Unheard(prosody.semantic, pitch, mask[..., None], padded, voices, None)

    def _draw_text(self, rng: np.random.Generator) -> Excerpt:
        while True:
            excerpt = self._aligned[self._texts.draw(rng).id].draw(_LONGEST_SPOKEN_FRAMES, rng)
            if excerpt is not None:
                return excerpt

    def _understood(self, network: SoundSide, rows: Unheard, made: Tensor, rng: np.random.Generator) -> Tensor:
        """How far what the content encoder, held still, hears is from what was meant."""
        heard = functional_call(network.content, _still(network.content), (disguise(made, rng), rows.mask))
        loss = _PHONE_WEIGHT * phone_loss(
            functional_call(network.phones, _still(network.phones), (heard,)), rows.labels
        )
        if rows.vectors is None:
            return loss
        unlike = 1 - F.cosine_similarity(heard, rows.vectors, dim=-1)
        return loss + _VECTOR_WEIGHT * masked_mean(unlike, rows.mask[..., 0])


def _unlike(judge: VoiceJudge, rows: Unheard, made: Tensor) -> Tensor:
    """How far the voice is from the prompt's, to the judge's ear."""
    prompt = rows.voices.frames
    wanted = judge(prompt.mel, prompt.lengths * MELS_PER_FRAME)
    voice = judge(made, rows.mask[..., 0].sum(1) * MELS_PER_FRAME)
    return (1 - (wanted * voice).sum(-1)).mean()


def _still(network: torch.nn.Module) -> dict[str, Tensor]:
    """Its weights as they are now, taking no gradient."""
    return {name: value.detach() for name, value in network.named_parameters()}


def _picked(voices: Voices, rows: Tensor) -> Voices:
    frames = voices.frames
    own = PromptFrames(frames.semantic[rows], frames.mel[rows], frames.lengths[rows])
    return replace(voices, style=voices.style[rows], frames=own, median_f0_hz=voices.median_f0_hz[rows])
