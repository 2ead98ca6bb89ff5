"""Recipe that fine-tunes the vocoder against discriminators on latents predicted by the trained pipeline.

Networks trained by regression predict smoother latents than those of recordings, and with a spectral loss alone, smooth
latents result in smooth audio. Discriminators (HiFi-GAN, Kong et al. 2020, section 2.3; EnCodec, Défossez et al. 2022,
section 3.4) detect the differences between generated audio and recordings, and the vocoder learns to remove them. The
spectral loss keeps the content intelligible. A quarter of each batch has ground-truth latents, so that the vocoder
stays accurate on these.
Legend: B batch, L samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from hierbatch.constants import FRAME_HOP_SAMPLES
from hierbatch.models.hierspeechpp.discriminators.config import DiscriminatorConfig
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.generator import LiteWaveformGenerator
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.training.discriminators import TrainingDiscriminators
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.predicted_latents import PredictedLatents, TrainingExample
from hierbatch.training.prepared import PreparedSet
from hierbatch.training.spectral_loss import SpectralLoss
from hierbatch.training.tensors import to_tensor

_SEGMENT_FRAMES, _EDGE_FRAMES = 48, 8
"""Number of frames in a segment, and number at either end that the losses leave out, since context is missing there."""
_N_GROUND_TRUTH = 2
_REPLAY_BUFFER_SIZE = 96
_SPECTRAL_WEIGHT = 5.0
_PRE_EMPHASIS = 0.7


def small_discriminators() -> DiscriminatorConfig:
    """Configuration of discriminators that are small enough to be trained with the vocoder on one CPU core."""
    return DiscriminatorConfig(
        ffts_samples=(1024, 512, 256),
        spectrogram_channels=12,
        log_magnitudes=True,
        periods_samples=(2, 3, 5, 7, 11),
        period_channels=(16, 32, 64, 96, 96),
    )


class VocoderGanTrainingModule(nn.Module):
    """Vocoder with its discriminators, which do not ship."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.vocoder = LiteWaveformGenerator(config)
        self.discriminators = TrainingDiscriminators(small_discriminators(), pre_emphasis=_PRE_EMPHASIS)


class VocoderGanRecipe:
    """Recipe that trains on `batch_size` segments of 0.96 s per step; the losses cover the inner 0.64 s.

    Args:
        prepared: prepared speech with alignments.
        config: hyperparameters of the networks.
        device: device to train on.
        batch_size: number of segments per step, at least 3.
        pipeline: trained networks that predict the latents; None uses ground-truth latents only.
    """

    learning_rate_factors: ClassVar[dict[str, float]] = {"discriminators": 4.0}
    """Factors for the learning rate: the discriminators start from random weights, the vocoder from trained weights."""
    first_steps: ClassVar[dict[str, int]] = {"vocoder": 300}
    """First step at which the vocoder is trained.

    In earlier steps only the discriminators learn, since gradients of untrained discriminators would harm the vocoder.
    """

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        device: str = "cpu",
        batch_size: int = 8,
        pipeline: LiteNetworks | None = None,
    ) -> None:
        self.network = VocoderGanTrainingModule(config).to(device)
        self._device, self._batch_size = device, batch_size
        self._latents = PredictedLatents(prepared, pipeline, device, _SEGMENT_FRAMES)
        self._loss = SpectralLoss().to(device)
        self._step = 0
        self._replay_buffer: dict[int, TrainingExample] = {}
        rng = np.random.default_rng(0)
        self._held_out = [_random_crop(self._latents.held_out(rng), rng) for _ in range(32)]

    def begin_step(self, step: int) -> None:
        """Set the step, on which the contents of the replay buffer depend."""
        self._step = step

    def losses(self, network: VocoderGanTrainingModule, rng: np.random.Generator) -> Losses:
        generated, target = self._generate(network, self._draw(rng), rng)
        adversarial = network.discriminators.adversarial_losses(generated, target)
        return {"spectral": _SPECTRAL_WEIGHT * self._loss(generated, target), **adversarial}

    @torch.no_grad()
    def validate(self, network: VocoderGanTrainingModule) -> dict[str, float]:
        generated, target = self._generate(network, self._held_out, np.random.default_rng(0))
        return {"spectral": float(self._loss(generated, target))}

    def _draw(self, rng: np.random.Generator) -> list[TrainingExample]:
        """Draw segments from the predicted examples of the last steps and from recordings.

        There is one predicted example per step, because predicting an example costs more than training on a segment.
        """
        oldest = max(0, self._step + 1 - _REPLAY_BUFFER_SIZE)
        self._replay_buffer = {step: example for step, example in self._replay_buffer.items() if step >= oldest}
        steps = rng.integers(oldest, self._step + 1, self._batch_size - _N_GROUND_TRUTH).tolist()
        predicted = [self._example_of(step) for step in steps]
        ground_truth = (self._latents.ground_truth(rng) for _ in range(_N_GROUND_TRUTH))
        return [_random_crop(example, rng) for example in [*predicted, *ground_truth]]

    def _example_of(self, step: int) -> TrainingExample:
        """Predicted example of a step, a function of the step alone, so that a resumed run draws the same examples."""
        if step not in self._replay_buffer:
            self._replay_buffer[step] = self._latents.predicted(np.random.default_rng((step, 1)))
        return self._replay_buffer[step]

    def _generate(
        self, network: VocoderGanTrainingModule, examples: Sequence[TrainingExample], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Generate audio; return generated and recorded audio without the edges. Shape: each [B, L]."""
        audio = np.stack([example.audio for example in examples])
        f0_hz, voiced = (
            to_tensor(np.stack(rows), self._device)
            for rows in ([example.f0_hz for example in examples], [example.voiced for example in examples])
        )
        noise = to_tensor(rng.standard_normal(audio.shape, np.float32), self._device)
        mask = torch.ones(*f0_hz.shape, 1, dtype=torch.bool, device=self._device)
        latent = torch.stack([example.latent for example in examples])
        generated = network.vocoder(latent, f0_hz, voiced, noise, mask)
        inner = slice(_EDGE_FRAMES * FRAME_HOP_SAMPLES, -_EDGE_FRAMES * FRAME_HOP_SAMPLES)
        return generated[:, inner], to_tensor(audio, self._device)[:, inner]


def _random_crop(example: TrainingExample, rng: np.random.Generator) -> TrainingExample:
    return example.crop(int(rng.integers(example.n_frames - _SEGMENT_FRAMES + 1)), _SEGMENT_FRAMES)
