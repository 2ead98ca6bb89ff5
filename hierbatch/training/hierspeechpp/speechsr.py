"""Recipe of SpeechSR: batches, losses and validation.

Legend: B batch, L samples at the output rate, K bins, T frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hierbatch.audio.spectrograms import LinearSpectrogram
from hierbatch.models.hierspeechpp.discriminators.model import Discriminators
from hierbatch.models.hierspeechpp.discriminators.weights import NORMALIZED_LAYERS as NORMALIZED_DISCRIMINATORS
from hierbatch.models.hierspeechpp.speechsr.interpolation import interpolate_linear
from hierbatch.models.hierspeechpp.speechsr.model import SpeechSR
from hierbatch.models.hierspeechpp.speechsr.weights import NORMALIZED_LAYERS
from hierbatch.models.weights.weight_norm import add_weight_norm
from hierbatch.training.full_band import FullBandClip
from hierbatch.training.hierspeechpp.adversarial import adversarial_losses, discriminator_losses
from hierbatch.training.hierspeechpp.figures import mean_figures
from hierbatch.training.hierspeechpp.mel_losses import MelLoss
from hierbatch.training.hierspeechpp.speechsr_config import SpeechSRTraining
from hierbatch.training.hierspeechpp.speechsr_data import SpeechSRPair, SpeechSRPairs
from hierbatch.training.trainer.precision import full_precision
from hierbatch.training.trainer.recipe import Networks, OptimizerSettings, Sample

PRESETS: Mapping[str, tuple[str, ...]] = {"all": ()}
_SPLIT_HZ = 8000.0
_N_FFT, _HOP = 2048, 512
_MIN_POWER = 1e-10
_N_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class SpeechSRBatch:
    """Rows of this process, with their share of the rows of the step.

    Shape:
        target      [B, 1, L]
        narrowband  [B, 1, L * 16000 / output rate]
    """

    target: Tensor
    narrowband: Tensor
    row_share: float


class SpeechSRRecipe:
    """Adversarial training of SpeechSR against its discriminators."""

    criterion, averaged = "high distance dB", ("generator",)

    def __init__(
        self, config: SpeechSRTraining, clips: Sequence[FullBandClip], *, device: str = "cpu", preset: str = "all"
    ) -> None:
        """Create networks with random weights.

        Args:
            config: hyperparameters, losses and schedule.
            clips: recordings at the output rate.
            device: device to train on.
            preset: name of the set of weights to train, a key of `PRESETS`.

        Raises:
            InputError: no recording can be used.
        """
        torch.manual_seed(config.run.seed)
        self.config, self.device, rate_hz = config, torch.device(device), config.network.rate_hz
        self.name = f"speechsr{rate_hz // 1000}k"
        self.pairs = SpeechSRPairs(clips, config.data, rate_hz, config.run.seed)
        generator, discriminators = SpeechSR(config.network), Discriminators(config.discriminators)
        add_weight_norm(generator, NORMALIZED_LAYERS)
        add_weight_norm(discriminators, NORMALIZED_DISCRIMINATORS)
        self.networks = {"generator": generator.to(self.device), "discriminators": discriminators.to(self.device)}
        self._frozen = PRESETS[preset]
        self._mel_loss = MelLoss(rate_hz, config.mel_resolutions).to(self.device)
        self._spectrogram = LinearSpectrogram(_N_FFT, _HOP, power=2.0).to(self.device)
        self._last: tuple[SpeechSRBatch, Tensor] | None = None

    @property
    def optimizers(self) -> Sequence[OptimizerSettings]:
        """Settings of the optimizers: discriminators first, then the generator."""
        settings = self.config.optimizer
        return [settings.for_networks(name, (name,), self._frozen) for name in ("discriminators", "generator")]

    @property
    def identity(self) -> Mapping[str, Any]:
        """Hyperparameters of both networks, which must be the same in a resumed run."""
        return {"network": asdict(self.config.network), "discriminators": asdict(self.config.discriminators)}

    @property
    def steps_per_epoch(self) -> int:
        """Length of a nominal epoch: the steps that draw about as many rows as there are training recordings."""
        return max(1, len(self.pairs.clips) // self.config.data.batch_rows)

    def learning_rate_factor(self, step: int) -> float:
        """Factor for the learning rate at a step: exponential decay by epoch."""
        return float(self.config.optimizer.learning_rate_decay ** (step // self.steps_per_epoch))

    def batch(self, step: int, index: int, n_batches: int) -> SpeechSRBatch:
        """Load rows `index`, `index + n_batches`, ... of a step."""
        n_rows = self.config.data.batch_rows
        rows = range(index, n_rows, n_batches)
        return self._batch([self.pairs.pair(step, row) for row in rows], len(rows) / n_rows)

    def losses(self, optimizer: str, batch: SpeechSRBatch) -> dict[str, Tensor]:
        """Weighted losses for one optimizer, `discriminators` or `generator`."""
        generated = self._generate(optimizer, batch)
        discriminators, weights = self.networks["discriminators"], self.config.losses
        if optimizer == "discriminators":
            loss = discriminator_losses(discriminators, batch.target, generated)
            return {"discriminators": batch.row_share * loss}
        adversarial, features = adversarial_losses(discriminators, batch.target, generated)
        with full_precision(self.device):
            return {
                "mel": batch.row_share * weights.mel * self._mel_loss(generated.float(), batch.target),
                "adversarial": batch.row_share * weights.adversarial * adversarial,
                "features": batch.row_share * weights.feature_matching * features,
            }

    @torch.no_grad()
    def validate(self, networks: Networks) -> dict[str, float]:
        """Mean distances of the held-out segments.

        Mel and log-spectral distance (above and below 8 kHz) to the recording, and log-spectral distance below 8 kHz to
        the interpolated input.
        """
        figures = []
        for pair in self.pairs.held_out_pairs():
            batch = self._batch([pair], 1.0)
            generated = networks["generator"](batch.narrowband).float()
            interpolated = interpolate_linear(batch.narrowband[0], self.config.network.ratio)[None]
            figures.append(
                {
                    "mel": float(self._mel_loss(generated, batch.target)),
                    "high distance dB": self._distance_db(generated, batch.target, is_high=True),
                    "low distance dB": self._distance_db(generated, batch.target, is_high=False),
                    "low change dB": self._distance_db(generated, interpolated, is_high=False),
                }
            )
        return mean_figures(figures)

    @torch.no_grad()
    def samples(self, networks: Networks) -> list[Sample]:
        """Generated sounds of held-out segments, at the output rate."""
        samples = []
        for number, pair in enumerate(self.pairs.held_out_pairs()[:_N_SAMPLES]):
            generated = networks["generator"](self._batch([pair], 1.0).narrowband)[0].float()
            picture = torch.log(self._spectrogram(generated)[0] + _MIN_POWER).cpu().numpy()
            samples.append(
                Sample(
                    name=f"row{number}",
                    samples=generated[0].cpu().numpy(),
                    rate_hz=self.config.network.rate_hz,
                    mel=picture,
                )
            )
        return samples

    def _batch(self, pairs: Sequence[SpeechSRPair], row_share: float) -> SpeechSRBatch:
        target, narrowband = (
            torch.from_numpy(np.stack(rows)).to(self.device)[:, None]
            for rows in ([pair.target for pair in pairs], [pair.narrowband for pair in pairs])
        )
        return SpeechSRBatch(target, narrowband, row_share)

    def _generate(self, optimizer: str, batch: SpeechSRBatch) -> Tensor:
        """Generate the sound of a batch; the generator's step reuses the discriminators' sound if possible."""
        if self._last is not None and self._last[0] is batch:
            (_, generated), self._last = self._last, None
            return generated
        is_kept = optimizer == "discriminators" and self.config.run.n_accumulated == 1
        with torch.set_grad_enabled(is_kept or optimizer == "generator"):
            generated = self.networks["generator"](batch.narrowband)
        if is_kept:
            self._last = batch, generated
        result: Tensor = generated
        return result

    def _distance_db(self, generated: Tensor, target: Tensor, *, is_high: bool) -> float:
        """Log-spectral distance in dB above or below 8 kHz: root mean square over bins, mean over frames."""
        first = round(_SPLIT_HZ * _N_FFT / self.config.network.rate_hz)
        bins = slice(first, None) if is_high else slice(0, first)
        levels = [10 * torch.log10(self._spectrogram(sound[0])[0, bins] + _MIN_POWER) for sound in (generated, target)]
        return float((levels[0] - levels[1]).square().mean(0).sqrt().mean())
