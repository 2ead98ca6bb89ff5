"""Latents as the finished chain says them, beside the recordings they are of.

A waveform stage that only ever met recorded spectra meets the chain's, which are smoother, for the first time when
somebody listens. Here it meets them with the recording they should have become: a recording's words, at the recording's
own pace and pitch, once from the text and once from the content encoder, in its speaker's voice.

Legend: T frames (50/s), 2T mel frames (100/s), M mel bands, L = 320 T samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.frontend.phonemes import encode
from hierbatch.models.lite.acoustic import pitch_features
from hierbatch.models.lite.covariance import match_covariance
from hierbatch.models.lite.matching import LatentMatching
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.text_to_vector import TextBatch, TextToVector
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.training.excerpts import AlignedUtterance, Excerpt
from hierbatch.training.prepared import PreparedSet, read_alignments
from hierbatch.training.sampling import Floats, Piece, SpeakerSampler, load_row, random_piece
from hierbatch.units import FRAME_HOP_SAMPLES, MELS_PER_FRAME

_EXCERPT_FRAMES = 200
_PROMPT_FRAMES = 250
_KOREAN_SHARE = 0.4
_SHARE_OF_TEXTS = 0.6
_MATCHING = LatentMatching(mean_share=1.0, spread_share=1.0)
_COVARIANCE_SHARES = {"en": 0.0, "ko": 0.7}
"""As when it speaks, texts in Korean go this far to how the prompt's bands move together."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A latent, its pitch and the recording it should become.

    Shape:
        latent         [2T, M]
        f0_hz, voiced  [2T]
        audio          [L]
    """

    latent: Tensor
    f0_hz: Floats
    voiced: Floats
    audio: Floats

    def cut(self, start: int, n_frames: int) -> Lesson:
        """The frames from `start` on."""
        mels = slice(start * MELS_PER_FRAME, (start + n_frames) * MELS_PER_FRAME)
        samples = slice(start * FRAME_HOP_SAMPLES, (start + n_frames) * FRAME_HOP_SAMPLES)
        return Lesson(self.latent[mels], self.f0_hz[mels], self.voiced[mels], self.audio[samples])

    @property
    def n_frames(self) -> int:
        return len(self.f0_hz) // MELS_PER_FRAME


class ChainLatents:
    """Draws recordings and says them again; without a chain it has their own latents alone."""

    def __init__(self, prepared: PreparedSet, chain: LiteNetworks | None, device: str, shortest_frames: int) -> None:
        self._prepared, self._chain, self._device = prepared, chain, device
        self._shortest_frames = shortest_frames
        self._mel = LogMel().to(device)
        found = read_alignments(prepared.folder)
        everybody = [u for u in prepared.split("train") if u.n_frames >= shortest_frames]
        with_texts = [u for u in everybody if u.id in found]
        self._heard = SpeakerSampler(everybody, korean_share=_KOREAN_SHARE)
        others = [u for u in prepared.split("development") if u.n_frames >= shortest_frames]
        self._held_out = SpeakerSampler(others)
        self._texts = SpeakerSampler(with_texts, korean_share=_KOREAN_SHARE)
        self._aligned = {
            u.id: AlignedUtterance(u, encode(found[u.id][0], u.language), found[u.id][1]) for u in with_texts
        }

    @torch.no_grad()
    def recorded(self, rng: np.random.Generator) -> Lesson:
        """A recording's own latent."""
        return self._own(random_piece(self._heard.draw(rng), _EXCERPT_FRAMES, rng))

    @torch.no_grad()
    def held_out(self, rng: np.random.Generator) -> Lesson:
        """A recording of a development speaker as the content encoder hears it."""
        piece = random_piece(self._held_out.draw(rng), _EXCERPT_FRAMES, rng)
        return self._as_heard(piece, self._held_out, rng)

    @torch.no_grad()
    def said_again(self, rng: np.random.Generator) -> Lesson:
        """A recording's words through the chain: from its text, or as the content encoder hears them."""
        if self._chain is None or rng.random() >= _SHARE_OF_TEXTS:
            return self._as_heard(random_piece(self._heard.draw(rng), _EXCERPT_FRAMES, rng), self._heard, rng)
        excerpt = self._draw_text(rng)
        prompt = self._prompt(self._chain, self._texts.prompt_for(excerpt.piece, _PROMPT_FRAMES, rng))
        vectors = _vectors_of_text(self._chain.text_to_vector, excerpt, prompt)
        return self._said(self._chain, excerpt.piece, vectors, prompt)

    def _draw_text(self, rng: np.random.Generator) -> Excerpt:
        while True:
            excerpt = self._aligned[self._texts.draw(rng).id].draw(_EXCERPT_FRAMES, rng)
            if excerpt is not None and excerpt.piece.n_frames >= self._shortest_frames:
                return excerpt

    def _as_heard(self, piece: Piece, sampler: SpeakerSampler, rng: np.random.Generator) -> Lesson:
        if self._chain is None:
            return self._own(piece)
        prompt = self._prompt(self._chain, sampler.prompt_for(piece, _PROMPT_FRAMES, rng))
        return self._said(self._chain, piece, None, prompt)

    def _prompt(self, chain: LiteNetworks, piece: Piece) -> PromptFrames:
        audio = self._prepared.audio(piece.utterance, piece.start, piece.n_frames)
        mel = self._mel(torch.from_numpy(audio)[None].to(self._device))
        return PromptFrames(chain.content(mel, self._whole(piece)), mel, self._length(piece))

    def _own(self, piece: Piece) -> Lesson:
        audio, _, f0_hz, voiced = load_row(self._prepared, piece)
        return Lesson(self._mel(torch.from_numpy(audio)[None].to(self._device))[0], f0_hz, voiced, audio)

    def _said(self, chain: LiteNetworks, piece: Piece, vectors: Tensor | None, prompt: PromptFrames) -> Lesson:
        """A piece by the chain: from a text's vectors [1, T, C], or from what the content encoder hears in it."""
        own, mask = self._own(piece), self._whole(piece)
        mel = own.latent[None]
        share = 0.0 if vectors is None else _COVARIANCE_SHARES[piece.utterance.language]
        vectors = chain.content(mel, mask) if vectors is None else vectors
        pitch = pitch_features(*(torch.from_numpy(x)[None].to(self._device) for x in (own.f0_hz, own.voiced)))
        style = chain.acoustic.style(prompt.mel, prompt.lengths * MELS_PER_FRAME)
        latent = chain.acoustic(vectors, pitch, style, prompt, mask)
        # Matched as when it speaks, but to the very recording: how one take differs from another is nothing to learn.
        itself = PromptFrames(vectors, mel, self._length(piece))
        mels = mask.repeat_interleave(MELS_PER_FRAME, 1)
        shares = torch.tensor([share], device=self._device)
        matched = match_covariance(_MATCHING(latent, mels, itself), mels, itself, shares)
        return replace(own, latent=matched[0])

    def _whole(self, piece: Piece) -> Tensor:
        return torch.ones(1, piece.n_frames, 1, dtype=torch.bool, device=self._device)

    def _length(self, piece: Piece) -> Tensor:
        return torch.tensor([piece.n_frames], device=self._device)


def _vectors_of_text(speaker: TextToVector, excerpt: Excerpt, prompt: PromptFrames) -> Tensor:
    """What the text side says at the excerpt's own pace. Shape: [1, T, C]."""
    device = str(prompt.mel.device)
    text = TextBatch.of([excerpt.ids], device)
    style = speaker.style(prompt.mel, prompt.lengths * MELS_PER_FRAME)
    durations = torch.tensor([excerpt.durations], device=device)
    return speaker.decode(speaker.encode(text, style), durations, style).semantic
