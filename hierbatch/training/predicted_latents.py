"""Log-mel latents predicted by the trained pipeline, paired with the recordings that they should reproduce.

A vocoder trained only on recorded spectra would meet the smoother predicted spectra only at inference. These examples
train it on predicted spectra: the content of a recording, from its text or from the content encoder, is rendered in
the speaker's voice with the recording's own timing and pitch, and the recording is the target.

Legend: T frames (50/s), 2T mel frames (100/s), M mel bands, C semantic channels, L = 320 T samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrum import LogMel
from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME
from hierbatch.models.lite.acoustic import pitch_features
from hierbatch.models.lite.covariance import match_covariance
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.spectral_statistics import SpectralStatisticsMatching
from hierbatch.models.lite.text_to_vector import LiteTextToVector, TextBatch
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.training.aligned_segments import AlignedSampler, AlignedSegment, aligned_utterances
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.sampling import Floats, SpeakerSampler, UtteranceSegment, load_segment, random_segment
from hierbatch.training.tensors import to_tensor

_SEGMENT_FRAMES = 200
_PROMPT_FRAMES = 250
_KOREAN_SHARE = 0.4
_TEXT_SHARE = 0.6
_MATCHING = SpectralStatisticsMatching(mean_share=1.0, spread_share=1.0)
_COVARIANCE_SHARES = {"en": 0.0, "ko": 0.7}
"""Strength of covariance matching for content from text, by language; these are the values used at inference."""


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """Latent with its pitch and the target recording.

    Shape:
        latent         [2T, M]
        f0_hz, voiced  [2T]
        audio          [L]
    """

    latent: Tensor
    f0_hz: Floats
    voiced: Floats
    audio: Floats

    def crop(self, start: int, n_frames: int) -> TrainingExample:
        """Excerpt of `n_frames` content frames (50/s), starting at frame `start`."""
        mels = slice(start * MELS_PER_FRAME, (start + n_frames) * MELS_PER_FRAME)
        samples = slice(start * FRAME_HOP_SAMPLES, (start + n_frames) * FRAME_HOP_SAMPLES)
        return TrainingExample(self.latent[mels], self.f0_hz[mels], self.voiced[mels], self.audio[samples])

    @property
    def n_frames(self) -> int:
        """Number of content frames (50/s)."""
        return len(self.f0_hz) // MELS_PER_FRAME


class PredictedLatents:
    """Source of training examples with predicted latents, or ground-truth latents if there is no trained pipeline.

    Args:
        prepared: prepared speech with alignments.
        pipeline: trained networks, or None.
        device: device of the networks and of the returned latents.
        min_frames: length of the shortest usable example, in frames.

    Raises:
        InputError: the prepared speech is not aligned.
    """

    def __init__(self, prepared: PreparedSet, pipeline: LiteNetworks | None, device: str, min_frames: int) -> None:
        self._prepared, self._chain, self._device = prepared, pipeline, device
        self._min_frames = min_frames
        self._mel = LogMel().to(device)
        train = [u for u in prepared.split("train") if u.n_frames >= min_frames]
        development = [u for u in prepared.split("development") if u.n_frames >= min_frames]
        self._train = SpeakerSampler(train, korean_share=_KOREAN_SHARE)
        self._held_out = SpeakerSampler(development)
        aligned = aligned_utterances(prepared.folder, train)
        self._texts = AlignedSampler(aligned, train, korean_share=_KOREAN_SHARE)

    @torch.no_grad()
    def ground_truth(self, rng: np.random.Generator) -> TrainingExample:
        """Draw a training recording with its ground-truth latent."""
        return self._ground_truth(random_segment(self._train.draw(rng), _SEGMENT_FRAMES, rng))

    @torch.no_grad()
    def held_out(self, rng: np.random.Generator) -> TrainingExample:
        """Draw a recording of a development speaker with the latent predicted from its content-encoder features."""
        segment = random_segment(self._held_out.draw(rng), _SEGMENT_FRAMES, rng)
        return self._predict_from_audio(segment, self._held_out, rng)

    @torch.no_grad()
    def predicted(self, rng: np.random.Generator) -> TrainingExample:
        """Draw a training recording with the latent predicted from its text or from its content-encoder features."""
        if self._chain is None or rng.random() >= _TEXT_SHARE:
            segment = random_segment(self._train.draw(rng), _SEGMENT_FRAMES, rng)
            return self._predict_from_audio(segment, self._train, rng)
        aligned = self._texts.draw(_SEGMENT_FRAMES, rng, min_frames=self._min_frames)
        prompt = self._encode_prompt(self._chain, self._texts.speakers.prompt_for(aligned.segment, _PROMPT_FRAMES, rng))
        vectors = _semantic_from_text(self._chain.text_to_vector, aligned, prompt)
        return self._predict(self._chain, aligned.segment, vectors, prompt)

    def _predict_from_audio(
        self, segment: UtteranceSegment, sampler: SpeakerSampler, rng: np.random.Generator
    ) -> TrainingExample:
        if self._chain is None:
            return self._ground_truth(segment)
        prompt = self._encode_prompt(self._chain, sampler.prompt_for(segment, _PROMPT_FRAMES, rng))
        return self._predict(self._chain, segment, None, prompt)

    def _encode_prompt(self, pipeline: LiteNetworks, segment: UtteranceSegment) -> PromptFrames:
        audio = self._prepared.audio(segment.utterance, segment.start, segment.n_frames)
        mel = self._mel(to_tensor(audio, self._device)[None])
        return PromptFrames(pipeline.content_encoder(mel, self._full_mask(segment)), mel, self._length(segment))

    def _ground_truth(self, segment: UtteranceSegment) -> TrainingExample:
        audio, _, f0_hz, voiced = load_segment(self._prepared, segment)
        return TrainingExample(self._mel(to_tensor(audio, self._device)[None])[0], f0_hz, voiced, audio)

    def _predict(
        self, pipeline: LiteNetworks, segment: UtteranceSegment, vectors: Tensor | None, prompt: PromptFrames
    ) -> TrainingExample:
        """Run the acoustic network on a segment with its recorded pitch.

        Args:
            pipeline: trained networks.
            segment: segment of the recording to reproduce.
            vectors: semantic vectors predicted from the segment's text, [1, T, C]; None encodes the recording instead.
            prompt: speech of the same speaker.
        """
        own, mask = self._ground_truth(segment), self._full_mask(segment)
        mel = own.latent[None]
        share = 0.0 if vectors is None else _COVARIANCE_SHARES[segment.utterance.language]
        vectors = pipeline.content_encoder(mel, mask) if vectors is None else vectors
        pitch = pitch_features(*(to_tensor(x, self._device)[None] for x in (own.f0_hz, own.voiced)))
        style = pipeline.acoustic.style(prompt.mel, prompt.lengths * MELS_PER_FRAME)
        latent = pipeline.acoustic(vectors, pitch, style, prompt, mask)
        # The statistics are matched as at inference, but to the target itself rather than to the prompt: the vocoder
        # should not learn to undo differences between two recordings of a speaker.
        target = PromptFrames(vectors, mel, self._length(segment))
        mels = mask.repeat_interleave(MELS_PER_FRAME, 1)
        shares = torch.tensor([share], device=self._device)
        matched = match_covariance(_MATCHING(latent, mels, target), mels, target, shares)
        return replace(own, latent=matched[0])

    def _full_mask(self, segment: UtteranceSegment) -> Tensor:
        return torch.ones(1, segment.n_frames, 1, dtype=torch.bool, device=self._device)

    def _length(self, segment: UtteranceSegment) -> Tensor:
        return torch.tensor([segment.n_frames], device=self._device)


def _semantic_from_text(network: LiteTextToVector, aligned: AlignedSegment, prompt: PromptFrames) -> Tensor:
    """Semantic vectors predicted from a segment's text with its recorded durations. Shape: [1, T, C]."""
    device = str(prompt.mel.device)
    text = TextBatch.from_ids([aligned.ids], device)
    style = network.style(prompt.mel, prompt.lengths * MELS_PER_FRAME)
    durations = torch.tensor([aligned.durations], device=device)
    return network.decode(network.encode(text, style), durations, style).semantic
