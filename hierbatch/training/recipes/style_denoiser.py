"""Recipe that trains the style denoiser: the direction in which noise moves a style, and the position of clean speech.

Every recording is encoded as it is and after noise reduction. The artifacts of noise reduction differ from voice to
voice and average out, while noise moves the styles of all voices in nearly the same direction.

Legend: B batch, S style channels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.noise import reduce_noise
from hierbatch.audio.spectrum import LogMel
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.style_denoiser import StyleDenoiser
from hierbatch.training.phase_recipe import Losses
from hierbatch.training.prepared import PreparedSet, PreparedUtterance
from hierbatch.training.sampling import SpeakerSampler, random_segment
from hierbatch.training.tensors import to_tensor

_SEGMENT_FRAMES = 200
_N_HELD_OUT = 24


class StyleDenoiserTrainingModule(nn.Module):
    """Style denoiser, under the name that its weights have in a bundle."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.style_denoiser = StyleDenoiser(config)
        nn.init.normal_(self.style_denoiser.direction, std=0.1)


class StyleDenoiserRecipe:
    """Recipe that trains on the styles of `batch_size` segments of 4 s per step.

    Args:
        prepared: prepared speech.
        config: hyperparameters of the networks.
        pipeline: trained networks; their style encoder stays frozen.
        device: device to train on.
        batch_size: number of segments per step.
    """

    def __init__(
        self,
        prepared: PreparedSet,
        config: LiteConfig,
        pipeline: LiteNetworks,
        device: str = "cpu",
        batch_size: int = 8,
    ) -> None:
        self.network = StyleDenoiserTrainingModule(config).to(device)
        self._prepared, self._chain, self._device, self._batch_size = prepared, pipeline, device, batch_size
        self._mel = LogMel().to(device)
        self._sampler = SpeakerSampler(_natural_speech(prepared.split("train")))
        rng = np.random.default_rng(0)
        development = SpeakerSampler(_natural_speech(prepared.split("development")))
        self._held_out = [self._draw_styles(development, rng) for _ in range(_N_HELD_OUT)]

    def losses(self, network: StyleDenoiserTrainingModule, rng: np.random.Generator) -> Losses:
        return self._style_losses(network, [self._draw_styles(self._sampler, rng) for _ in range(self._batch_size)])

    @torch.no_grad()
    def validate(self, network: StyleDenoiserTrainingModule) -> dict[str, float]:
        return {name: float(loss) for name, loss in self._style_losses(network, self._held_out).items()}

    def _style_losses(self, network: StyleDenoiserTrainingModule, styles: Sequence[Tensor]) -> Losses:
        """Cosine distance between the direction and the change by noise reduction, and error of the clean value."""
        original, clean = torch.stack(list(styles)).unbind(1)
        denoiser = network.style_denoiser
        cosine = F.cosine_similarity(clean - original, denoiser.direction.expand_as(original), dim=-1).mean()
        target_value = (denoiser.cleanness(clean).detach() - denoiser.target).square().mean()
        return {"direction": 1.0 - cosine, "target_value": target_value}

    @torch.no_grad()
    def _draw_styles(self, sampler: SpeakerSampler, rng: np.random.Generator) -> Tensor:
        """Draw a segment, and return its styles as recorded and after noise reduction. Shape: [2, S]."""
        segment = random_segment(sampler.draw(rng), _SEGMENT_FRAMES, rng)
        audio = self._prepared.audio(segment.utterance, segment.start, segment.n_frames)
        both = np.stack([audio, reduce_noise(Waveform(audio, RATE_HZ)).samples])
        mel = self._mel(to_tensor(both, self._device))
        style: Tensor = self._chain.acoustic.style(mel, torch.full((len(both),), mel.shape[1], device=self._device))
        return style


def _natural_speech(utterances: list[PreparedUtterance]) -> list[PreparedUtterance]:
    """English utterances (the Korean training speech is synthetic); all utterances if there is no English."""
    return [utterance for utterance in utterances if utterance.language == "en"] or utterances
