"""Recipe of the text-to-vector network: losses and validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVector
from hierbatch.models.hierspeechpp.text_to_vector.training import (
    SLICE_FRAMES,
    Losses,
    compute_losses,
    slice_log_f0,
    slice_semantic,
    training_pass,
)
from hierbatch.models.hierspeechpp.text_to_vector.weights import NORMALIZED_LAYERS
from hierbatch.models.weights.weight_norm import add_weight_norm
from hierbatch.training.hierspeechpp.speech_data import (
    PreparedSpeech,
)
from hierbatch.training.hierspeechpp.text_to_vector_batches import TextToVectorBatch, TextToVectorBatches
from hierbatch.training.hierspeechpp.text_to_vector_config import TextToVectorTraining
from hierbatch.training.hierspeechpp.text_to_vector_validation import validate_text_to_vector
from hierbatch.training.trainer.precision import full_precision
from hierbatch.training.trainer.recipe import Networks, OptimizerSettings, Sample

_ALL_BUT_PITCH = (r"generator\.(?!pitch\.).*",)

PRESETS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "speaker": (r"generator\.(?!style_encoder\.|.*conditioning\.|.*modulation\.).*",),
    "text": (r"generator\.(?!text_encoder\.|durations\.|symbol_classifier\.).*",),
}
"""Patterns of the names of weights that are not trained, by preset for fine-tuning."""


class TextToVectorRecipe:
    """Training of a text-to-vector network with its published losses."""

    name, criterion, averaged = "ttv", "symbols", ("generator",)

    def __init__(
        self, config: TextToVectorTraining, prepared: PreparedSpeech, *, device: str = "cpu", preset: str = "all"
    ) -> None:
        """Create a network with random weights.

        Args:
            config: hyperparameters, losses and schedule.
            prepared: prepared speech with phonemes.
            device: device to train on.
            preset: name of the set of weights to train, a key of `PRESETS`.

        Raises:
            InputError: no utterance can be used.
        """
        torch.manual_seed(config.run.seed)
        self.config, self.device = config, torch.device(device)
        self._batches = TextToVectorBatches(config, prepared, self.device)
        self.data = self._batches.data
        network = TextToVector(config.network)
        add_weight_norm(network, NORMALIZED_LAYERS)
        self.networks = {"generator": network.to(self.device)}
        self._frozen = _ALL_BUT_PITCH if config.stage == "pitch_on_predicted" else PRESETS[preset]

    @property
    def optimizers(self) -> Sequence[OptimizerSettings]:
        """Settings of the only optimizer."""
        return [self.config.optimizer.for_networks("generator", ("generator",), self._frozen)]

    @property
    def identity(self) -> Mapping[str, Any]:
        """Hyperparameters and vocabulary, which must be the same in a resumed run."""
        return {"network": asdict(self.config.network), "vocabulary": self.config.vocabulary_values}

    def learning_rate_factor(self, step: int) -> float:
        """Factor for the learning rate at a step: exponential decay by epoch."""
        return float(self.config.optimizer.learning_rate_decay ** (step // self.data.plan.steps_per_epoch))

    def batch(self, step: int, index: int, n_batches: int) -> TextToVectorBatch:
        """Load rows `index`, `index + n_batches`, ... of a step."""
        positions = self.data.positions(step)
        return self._batches.load(positions[index::n_batches], positions)

    def losses(self, optimizer: str, batch: TextToVectorBatch) -> dict[str, Tensor]:
        """Weighted losses of the configured stage."""
        network, weights, inputs = self.networks["generator"], self.config.losses, batch.inputs
        assert isinstance(network, TextToVector)
        if self.config.stage == "pitch_on_predicted":
            return {"pitch": batch.row_share * weights.pitch * self._pitch_on_predicted(network, batch)}
        found = training_pass(
            network,
            inputs,
            latent_noise=batch.latent_noise,
            duration_noise=batch.duration_noise,
            prosody_noise=batch.prosody_noise,
        )
        prosody = {} if found.prosody is None else {"prosody": batch.word_share * weights.prosody * found.prosody.total}
        with full_precision(self.device):
            losses: Losses = compute_losses(found, inputs, is_masked=self.config.mask_semantic_loss)
            semantic_share = batch.frame_share if self.config.mask_semantic_loss else batch.row_share
            return {
                "semantic": semantic_share * weights.semantic * losses.semantic,
                "divergence": batch.frame_share * weights.divergence * losses.divergence,
                "pitch": batch.row_share * weights.pitch * losses.pitch,
                "durations": batch.token_share * weights.durations * losses.durations,
                "symbols": batch.row_share * weights.symbols * losses.symbols,
                **prosody,
            }

    def _pitch_on_predicted(self, network: TextToVector, batch: TextToVectorBatch) -> Tensor:
        """Pitch loss on semantic vectors that the decoder predicts."""
        inputs = batch.inputs
        with torch.no_grad():
            found = training_pass(network, inputs, latent_noise=batch.latent_noise, duration_noise=batch.duration_noise)
            style = network.style(inputs.mel, inputs.n_frames)
        predicted = slice_semantic(found.semantic, inputs.slice_starts)
        whole = predicted.new_ones(len(predicted), 1, SLICE_FRAMES)
        log_f0 = network.pitch(predicted, whole, style)
        return F.l1_loss(log_f0.float(), slice_log_f0(inputs))

    @torch.no_grad()
    def validate(self, networks: Networks) -> dict[str, float]:
        """Losses and other metrics on held-out rows, with fixed noise."""
        network = networks["generator"]
        assert isinstance(network, TextToVector)
        positions = self.data.held_out_positions()
        return validate_text_to_vector(network, [self._batches.load([position], [position]) for position in positions])

    @torch.no_grad()
    def samples(self, networks: Networks) -> list[Sample]:
        """Return no samples, since sounds need a synthesizer."""
        return []
