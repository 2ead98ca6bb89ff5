"""Recipe that fine-tunes the packaged model to one speaker from recordings without transcripts.

The acoustic model, including its style encoder and its attention to the prompt, learns to render the content of a
recording in the speaker's voice, with another recording of the speaker as the prompt. The content comes from the frozen
content encoder: in half of the rows from the recording, with noise, and in the others from a spectrally perturbed
version, so that the model does not take the timbre from the content. The vocoder learns from the latents that the
acoustic model predicts, with a spectral loss and, after some steps, against small discriminators.

Legend: B batch, T frames (50/s), 2T mel frames, M mel bands, C semantic channels, L = 320 T samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LOG_SPREAD, LogMel
from hierbatch.constants import FRAME_HOP_SAMPLES, MELS_PER_FRAME, RATE_HZ
from hierbatch.models.hierspeechpp.discriminators.losses import (
    discriminator_loss,
    feature_matching_loss,
    generator_loss,
)
from hierbatch.models.lite.acoustic import pitch_features
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.spectral_statistics import SpectralStatisticsMatching
from hierbatch.models.lite.timbre import PromptFrames
from hierbatch.training.discriminators import TrainingDiscriminators
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.recipes.one_voice_batches import CROP_FRAMES, SEGMENT_FRAMES, VoiceBatch, VoiceBatches
from hierbatch.training.recipes.vocoder_gan import small_discriminators
from hierbatch.training.sampling import SegmentBatch, UtteranceSegment, load_batch, random_segment
from hierbatch.training.spectral_loss import SpectralLoss
from hierbatch.training.tensors import to_tensor
from hierbatch.training.trainer.recipe import Losses, Networks, OptimizerSettings, Sample

DECIBELS_PER_UNIT = LOG_SPREAD * 20 / math.log(10)
"""Number of decibels in one unit of the normalized log-mel."""

_VALIDATION_PROMPT_FRAMES = 400
_EDGE_FRAMES = 8
"""Number of frames at either end of a crop that the vocoder's losses leave out."""
_SPECTRAL_WEIGHT = 5.0
_PRE_EMPHASIS = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class OneVoiceOptions:
    """Schedule of the fine-tuning to one voice."""

    n_steps: int = 400
    trains_vocoder: bool = True
    """Also train the vocoder, which triples the cost of a step."""
    acoustic_learning_rate: float = 2e-4
    vocoder_learning_rate: float = 5e-5
    discriminator_learning_rate: float = 1e-3
    adversarial_from_step: int = 100
    """First step with the adversarial loss; before it, the discriminators learn but do not affect the vocoder."""
    warm_up_steps: int = 20
    n_rows: int = 8
    seed: int = 1


class OneVoiceRecipe:
    """Recipe of `hierbatch finetune`."""

    name = "finetune"
    criterion = "mel_distance_db"

    def __init__(
        self,
        prepared: PreparedSet,
        networks: LiteNetworks,
        spectral_matching: SpectralStatisticsMatching,
        *,
        training: Sequence[PreparedUtterance],
        held_out: Sequence[PreparedUtterance],
        options: OneVoiceOptions,
        device: str = "cpu",
    ) -> None:
        """Create the recipe for loaded networks.

        Args:
            prepared: recordings of the speaker, with content features from the start bundle.
            networks: all networks of the start bundle; acoustic model and vocoder are trained in place.
            spectral_matching: spectral matching that is applied to the latent at inference.
            training: utterances to train on, at least two.
            held_out: utterances for validation.
            options: schedule.
            device: device to train on.
        """
        self._prepared, self._matching, self._device = prepared, spectral_matching, device
        self.options = options
        self._content = networks.content_encoder.to(device).eval().requires_grad_(False)
        self._vocoder = networks.vocoder.to(device)
        self.networks: dict[str, nn.Module] = {"acoustic": networks.acoustic.to(device).requires_grad_(True)}
        if options.trains_vocoder:
            discriminators = TrainingDiscriminators(small_discriminators(), pre_emphasis=_PRE_EMPHASIS)
            self.networks |= {
                "vocoder": self._vocoder.requires_grad_(True), "discriminators": discriminators.to(device)
            }  # fmt: skip
        self.averaged = tuple(name for name in self.networks if name != "discriminators")
        self._batches = VoiceBatches(prepared, training, self._content, n_rows=options.n_rows, seed=options.seed)
        self._mel, self._spectral = LogMel().to(device), SpectralLoss().to(device)
        rng = np.random.default_rng(0)
        self._held_out = [
            (random_segment(u, 4 * SEGMENT_FRAMES, rng), self._batches.prompt_for(u, _VALIDATION_PROMPT_FRAMES, rng))
            for u in held_out
        ]

    @property
    def optimizers(self) -> Sequence[OptimizerSettings]:
        """Settings of the optimizers; the acoustic model is first, as its loss computes the vocoder's latents."""
        options = self.options
        settings = (
            OptimizerSettings(
                name="acoustic",
                networks=("acoustic",),
                learning_rate=options.acoustic_learning_rate,
                betas=(0.9, 0.98),
                max_gradient_norm=1.0,
            ),
            OptimizerSettings(
                name="discriminators",
                networks=("discriminators",),
                learning_rate=options.discriminator_learning_rate,
                betas=(0.9, 0.98),
                max_gradient_norm=10.0,
            ),
            OptimizerSettings(
                name="vocoder",
                networks=("vocoder",),
                learning_rate=options.vocoder_learning_rate,
                betas=(0.9, 0.98),
                max_gradient_norm=1.0,
            ),
        )
        return tuple(optimizer for optimizer in settings if optimizer.name in self.networks)

    @property
    def identity(self) -> Mapping[str, Any]:
        """Networks and data, which must be the same in a resumed run."""
        return {
            "trained": list(self.networks),
            "n_training": self._batches.n_utterances,
            "n_held_out": len(self._held_out),
        }

    def learning_rate_factor(self, step: int) -> float:
        """Factor for the learning rate at a step: linear warm-up, then cosine decay to a tenth."""
        if step < self.options.warm_up_steps:
            return (step + 1) / self.options.warm_up_steps
        progress = (step - self.options.warm_up_steps) / max(1, self.options.n_steps - self.options.warm_up_steps)
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))

    def batch(self, step: int, index: int, n_batches: int) -> VoiceBatch:
        """Draw random segments, each with a prompt from another utterance; arguments as in `Recipe.batch`."""
        return self._batches.batch(step, index, n_batches)

    def losses(self, optimizer: str, batch: VoiceBatch) -> Losses:
        """Losses of one optimizer, as shares of the losses of the whole step."""
        if optimizer == "acoustic":
            return {"mel": batch.share * self._acoustic_loss(batch)}
        generated, target = self._generate(batch)
        discriminators = self.networks["discriminators"]
        if optimizer == "discriminators":
            discriminators.requires_grad_(True)
            return {
                "discriminators": batch.share
                * discriminator_loss(discriminators(target), discriminators(generated.detach()))
            }
        losses = {"spectral": _SPECTRAL_WEIGHT * batch.share * self._spectral(generated, target)}
        if batch.step >= self.options.adversarial_from_step:
            discriminators.requires_grad_(False)
            fake, real = discriminators(generated), discriminators(target)
            losses["features"] = batch.share * feature_matching_loss(real, fake)
            losses["adversarial"] = batch.share * generator_loss(fake)
        return losses

    def validate(self, networks: Networks) -> Mapping[str, float]:
        """Mean log-mel distance in dB between held-out clips and their renderings with prompts of the speaker."""
        distances = [self._render(networks, segment, prompt)[1] for segment, prompt in self._held_out]
        weights = [segment.n_frames for segment, _ in self._held_out]
        return {self.criterion: float(np.average(distances, weights=weights))}

    def samples(self, networks: Networks) -> Sequence[Sample]:
        """Renderings of the first held-out clips."""
        rendered = []
        for number, (segment, prompt) in enumerate(self._held_out[:2]):
            sound, _ = self._render(networks, segment, prompt)
            mel = self._mel(sound[None])[0].T.cpu().numpy()
            rendered.append(Sample(name=f"held-out-{number}", samples=sound.cpu().numpy(), rate_hz=RATE_HZ, mel=mel))
        return rendered

    def _acoustic_loss(self, batch: VoiceBatch) -> Tensor:
        acoustic = self.networks["acoustic"]
        prompts, style = self._encode_prompts(acoustic, batch.prompts)
        pitch = pitch_features(self._tensor(batch.segments.f0_hz), self._tensor(batch.segments.voiced))
        mask = torch.ones(*batch.content.shape[:2], 1, dtype=torch.bool, device=self._device)
        predicted = acoustic(batch.content, pitch, style, prompts, mask)
        # As at inference, but with the statistics of the target itself: the vocoder should not learn to undo
        # differences between two recordings of the speaker.
        own = PromptFrames(batch.content, batch.mel, self._tensor(batch.segments.lengths))
        batch.latent = self._matching(predicted.detach(), mask.repeat_interleave(MELS_PER_FRAME, 1), own)
        return F.l1_loss(predicted, batch.mel)

    def _generate(self, batch: VoiceBatch) -> tuple[Tensor, Tensor]:
        """Generate the audio of the crops; return generated and recorded audio without edges, each [B, L]."""
        assert batch.latent is not None
        latents, f0_hz, voiced, audio = [], [], [], []
        for row, first in enumerate(batch.crops):
            mels = slice(first * MELS_PER_FRAME, (first + CROP_FRAMES) * MELS_PER_FRAME)
            latents.append(batch.latent[row, mels])
            f0_hz.append(batch.segments.f0_hz[row, mels])
            voiced.append(batch.segments.voiced[row, mels])
            audio.append(
                batch.segments.audio[row, first * FRAME_HOP_SAMPLES : (first + CROP_FRAMES) * FRAME_HOP_SAMPLES]
            )
        pitch = [self._tensor(np.stack(values)) for values in (f0_hz, voiced)]
        mask = torch.ones(*pitch[0].shape, 1, dtype=torch.bool, device=self._device)
        generated = self.networks["vocoder"](torch.stack(latents), *pitch, batch.noise, mask)
        inner = slice(_EDGE_FRAMES * FRAME_HOP_SAMPLES, -_EDGE_FRAMES * FRAME_HOP_SAMPLES)
        return generated[:, inner], self._tensor(np.stack(audio))[:, inner]

    def _render(self, networks: Networks, segment: UtteranceSegment, prompt: UtteranceSegment) -> tuple[Tensor, float]:
        """Render a held-out clip in the speaker's voice; return the sound and its log-mel distance in dB."""
        clip, prompts = load_batch(self._prepared, [segment]), load_batch(self._prepared, [prompt])
        mel = self._mel(self._tensor(clip.audio))
        mask = torch.ones(1, segment.n_frames, 1, dtype=torch.bool, device=self._device)
        frames, style = self._encode_prompts(networks["acoustic"], prompts)
        pitch = [self._tensor(values) for values in (clip.f0_hz, clip.voiced)]
        latent = networks["acoustic"](self._tensor(clip.semantic), pitch_features(*pitch), style, frames, mask)
        mel_mask = mask.repeat_interleave(MELS_PER_FRAME, 1)
        latent = self._matching(latent, mel_mask, frames)
        noise = self._tensor(np.random.default_rng(0).standard_normal(clip.audio.shape, np.float32))
        sound = networks.get("vocoder", self._vocoder)(latent, *pitch, noise, mel_mask)
        return sound[0], DECIBELS_PER_UNIT * float((self._mel(sound) - mel).abs().mean())

    def _encode_prompts(self, acoustic: Any, arrays: SegmentBatch) -> tuple[PromptFrames, Tensor]:
        mel, lengths = self._mel(self._tensor(arrays.audio)), self._tensor(arrays.lengths)
        style = acoustic.style(mel, lengths * MELS_PER_FRAME)
        return PromptFrames(self._tensor(arrays.semantic), mel, lengths), style

    def _tensor(self, values: np.ndarray) -> Tensor:
        return to_tensor(values, self._device)
