"""Recipe of the hierarchical synthesizer: batches, losses and validation.

Legend: B batch, C channels, T frames (50/s), L samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrograms import LinearSpectrogram
from hierbatch.audio.style_mel import StyleMel
from hierbatch.models.hierspeechpp.discriminators.model import Discriminators
from hierbatch.models.hierspeechpp.discriminators.weights import NORMALIZED_LAYERS as NORMALIZED_DISCRIMINATORS
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.hierspeechpp.synthesizer.training import (
    SynthesizerInputs,
    SynthesizerPass,
    prosody_loss,
    training_pass,
)
from hierbatch.models.hierspeechpp.synthesizer.weights import NORMALIZED_LAYERS
from hierbatch.models.weights.weight_norm import add_weight_norm
from hierbatch.training.hierspeechpp.adversarial import adversarial_losses, discriminator_losses
from hierbatch.training.hierspeechpp.full_rate_sounds import SoundSource
from hierbatch.training.hierspeechpp.mel_losses import MelLoss
from hierbatch.training.hierspeechpp.speech_data import (
    PreparedSpeech,
    RowPosition,
    SpeechData,
    f0_values_of,
    pad_rows,
    samples_of,
)
from hierbatch.training.hierspeechpp.synthesizer_config import SynthesizerTraining
from hierbatch.training.hierspeechpp.synthesizer_validation import convert_to_samples, validate_synthesizer
from hierbatch.training.trainer.precision import full_precision
from hierbatch.training.trainer.recipe import Networks, OptimizerSettings, Sample

PRESETS = {
    "all": (),
    "generator": (r"generator\.(?!source\.|waveform\.).*",),
    "speaker": (r"generator\.(?!style\.|.*conditioning\.|.*modulation\.|null_style).*",),
}
"""Patterns of the names of weights that are not trained, by preset for fine-tuning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerBatch:
    """Rows of this process, with their shares of the rows and of the valid frames of the whole step."""

    inputs: SynthesizerInputs
    row_share: float
    frame_share: float


class SynthesizerRecipe:
    """Adversarial training of the synthesizer against its discriminators."""

    name, criterion, averaged = "synthesizer", "prior mel", ("generator",)

    def __init__(
        self,
        config: SynthesizerTraining,
        prepared: PreparedSpeech,
        *,
        device: str = "cpu",
        preset: str = "all",
        sounds: SoundSource | None = None,
    ) -> None:
        """Create networks with random weights.

        Args:
            config: hyperparameters, losses and schedule.
            prepared: prepared speech.
            device: device to train on.
            preset: name of the set of weights to train, a key of `PRESETS`.
            sounds: recordings at the synthesizer's rate; None for those of the prepared set, at 16 kHz.

        Raises:
            InputError: no utterance can be used.
        """
        torch.manual_seed(config.run.seed)
        self.config, self.device = config, torch.device(device)
        self.data = SpeechData(prepared, config.data, config.run.seed)
        self._sounds = sounds or PreparedSounds(prepared)
        generator, discriminators = Synthesizer(config.network), Discriminators(config.discriminators)
        add_weight_norm(generator, NORMALIZED_LAYERS)
        add_weight_norm(discriminators, NORMALIZED_DISCRIMINATORS)
        self.networks = {
            "generator": generator.to(self.device),
            "discriminators": discriminators.to(self.device),
        }
        self._frozen = PRESETS[preset]
        self._mel = StyleMel().to(self.device)
        self._spectrogram = LinearSpectrogram(config.n_fft, config.network.hop_samples, config.spectrogram_power).to(
            self.device
        )
        self._mel_loss = MelLoss(config.rate_hz, config.mel_resolutions).to(self.device)
        self._last: tuple[SynthesizerBatch, SynthesizerPass] | None = None

    @property
    def optimizers(self) -> Sequence[OptimizerSettings]:
        """Settings of the optimizers: discriminators first, then the generator."""
        settings = self.config.optimizer
        return [settings.for_networks(name, (name,), self._frozen) for name in ("discriminators", "generator")]

    @property
    def identity(self) -> Mapping[str, Any]:
        """Hyperparameters of both networks, which must be the same in a resumed run."""
        return {"network": asdict(self.config.network), "discriminators": asdict(self.config.discriminators)}

    def learning_rate_factor(self, step: int) -> float:
        """Factor for the learning rate at a step: exponential decay by epoch."""
        return float(self.config.optimizer.learning_rate_decay ** (step // self.data.plan.steps_per_epoch))

    def batch(self, step: int, index: int, n_batches: int) -> SynthesizerBatch:
        """Load rows `index`, `index + n_batches`, ... of a step."""
        positions = self.data.positions(step)
        own = positions[index::n_batches]
        longest = max(position.n_frames for position in positions)
        longest_style = max(position.style_frames for position in positions)
        n_frames = sum(position.n_frames for position in positions)
        return SynthesizerBatch(
            inputs=self.inputs(own, longest, longest_style),
            row_share=len(own) / len(positions),
            frame_share=sum(position.n_frames for position in own) / n_frames,
        )

    def inputs(self, positions: Sequence[RowPosition], longest: int, longest_style: int) -> SynthesizerInputs:
        """Load the arrays of rows, compute their spectrograms, and make their random choices.

        Args:
            positions: segments of the rows.
            longest: length of the padded batch in frames.
            longest_style: length of the padded style inputs in frames.
        """
        config, rows = self.config, [self.data.load(position) for position in positions]
        hop = config.network.hop_samples
        sound = self._tensor([self._sounds.sound(p.utterance, p.start, p.n_frames) for p in positions], longest * hop)
        lengths = torch.tensor([position.n_frames for position in positions], device=self.device)
        randoms = [position.random for position in positions]
        starts = [
            int(r.integers(p.n_frames - config.slice_frames + 1)) for r, p in zip(randoms, positions, strict=True)
        ]
        is_unstyled = [r.random() < config.null_style_share for r in randoms]
        noise = np.stack([_noise(r, config.network.channels, longest) for r in randoms], axis=1)
        with full_precision(self.device), torch.no_grad():
            return SynthesizerInputs(
                sound=sound[:, None],
                spectrogram=self._spectrogram(sound),
                semantic=self._tensor([row.semantic for row in rows], longest).transpose(1, 2),
                perturbed_semantic=self._tensor([row.perturbed_semantic for row in rows], longest).transpose(1, 2),
                f0_hz=self._tensor([row.f0_hz for row in rows], f0_values_of(longest)),
                mel=self._mel(self._tensor([row.sound for row in rows], samples_of(longest))),
                style_mel=self._mel(self._tensor([row.style_sound for row in rows], samples_of(longest_style))),
                lengths=lengths,
                style_lengths=torch.tensor([position.style_frames for position in positions], device=self.device),
                noise=torch.from_numpy(noise).to(self.device),
                slice_starts=torch.tensor(starts, device=self.device),
                is_unstyled=torch.tensor(is_unstyled, device=self.device),
            )

    def losses(self, optimizer: str, batch: SynthesizerBatch) -> dict[str, Tensor]:
        """Weighted losses for one optimizer, `discriminators` or `generator`."""
        found = self._pass(optimizer, batch)
        discriminators = self.networks["discriminators"]
        if optimizer == "discriminators":
            loss = discriminator_losses(discriminators, found.real_sound, found.sound)
            return {"discriminators": batch.row_share * loss}
        adversarial, features = adversarial_losses(discriminators, found.real_sound, found.sound)
        with full_precision(self.device):
            return self._generator_losses(found, batch) | {
                "adversarial": batch.row_share * self.config.losses.adversarial * adversarial,
                "features": batch.row_share * self.config.losses.feature_matching * features,
            }

    def _generator_losses(self, found: SynthesizerPass, batch: SynthesizerBatch) -> dict[str, Tensor]:
        weights, inputs = self.config.losses, batch.inputs
        rows, frames = batch.row_share, batch.frame_share
        pitch = (found.log_f0.float() - found.real_log_f0).abs().mean()
        return {
            "mel": rows * weights.mel * self._mel_loss(found.sound.float(), found.real_sound),
            "prosody": frames * weights.prosody * prosody_loss(found.prosody, inputs.mel, inputs.lengths),
            "pitch": rows * weights.pitch * pitch,
            "acoustic divergence": frames * weights.divergence * found.divergences.acoustic,
            "semantic divergence": frames * weights.divergence * found.divergences.semantic,
            "reverse divergence": frames * weights.reverse_divergence * found.divergences.reverse,
        }

    def _pass(self, optimizer: str, batch: SynthesizerBatch) -> SynthesizerPass:
        """Run a forward pass; the generator's step reuses the pass of the discriminators' step if possible."""
        if self._last is not None and self._last[0] is batch:
            (_, found), self._last = self._last, None
            return found
        generator = self.networks["generator"]
        assert isinstance(generator, Synthesizer)
        is_kept = optimizer == "discriminators" and self.config.run.n_accumulated == 1
        with torch.set_grad_enabled(is_kept or optimizer == "generator"):
            found = training_pass(generator, batch.inputs, self.config.slice_frames)
        if is_kept:
            self._last = batch, found
        return found

    @torch.no_grad()
    def validate(self, networks: Networks) -> dict[str, float]:
        """Metrics on held-out rows; sounds are compared by the mel loss."""
        return validate_synthesizer(
            networks["generator"], self._held_out_rows(), self.config.slice_frames, self._mel_loss
        )

    @torch.no_grad()
    def samples(self, networks: Networks) -> list[Sample]:
        """Held-out recordings, each converted to its own voice and to the voice of the next row."""
        return convert_to_samples(networks["generator"], self._held_out_rows(), self.config.rate_hz, self._mel)

    def _held_out_rows(self) -> Iterator[SynthesizerInputs]:
        for position in self.data.held_out_positions():
            yield self.inputs([position], position.n_frames, position.style_frames)

    def _tensor(self, rows: Sequence[np.ndarray], length: int) -> Tensor:
        return torch.from_numpy(pad_rows(rows, length)).to(self.device)


class PreparedSounds:
    """Recordings of the prepared set, at 16 kHz."""

    def __init__(self, prepared: PreparedSpeech) -> None:
        self.sound = prepared.audio


def _noise(random: np.random.Generator, channels: int, n_frames: int) -> np.ndarray:
    """Noise of one row; a longer batch extends the noise but does not change its start. Shape: [3, C, T]."""
    return np.ascontiguousarray(random.standard_normal((n_frames, 3, channels), dtype=np.float32).transpose(1, 2, 0))
