"""Learn which way a recording's noise moves its style, and where styles without noise lie.

Every recording is heard as it is and through a noise reducer. What the reducer takes from a voice differs from voice to
voice and averages out; what it takes of the noise is nearly the same way for all.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.noise import reduce_noise
from hierbatch.audio.spectrum import LogMel
from hierbatch.audio.waveform import Waveform
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.surroundings import Surroundings
from hierbatch.training.loop import Losses
from hierbatch.training.prepared import PreparedSet, Utterance
from hierbatch.training.sampling import SpeakerSampler, random_piece
from hierbatch.units import RATE_HZ

_PIECE_FRAMES = 200
_N_HELD_OUT = 24


class SurroundingsSide(nn.Module):
    """The part that learns, under the name it has in a bundle."""

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.surroundings = Surroundings(config)
        nn.init.normal_(self.surroundings.direction, std=0.1)


class SurroundingsRecipe:
    """`batch_size` stretches of four seconds a step; the style encoder of `chain` stays as it is."""

    def __init__(
        self, prepared: PreparedSet, config: LiteConfig, chain: LiteNetworks, device: str = "cpu", batch_size: int = 8
    ) -> None:
        self.network = SurroundingsSide(config).to(device)
        self._prepared, self._chain, self._device, self._batch_size = prepared, chain, device, batch_size
        self._mel = LogMel().to(device)
        self._people = SpeakerSampler(_people(prepared.split("train")))
        rng = np.random.default_rng(0)
        held_out = SpeakerSampler(_people(prepared.split("development")))
        self._held_out = [self._heard_twice(held_out, rng) for _ in range(_N_HELD_OUT)]

    def losses(self, network: SurroundingsSide, rng: np.random.Generator) -> Losses:
        return self._losses(network, [self._heard_twice(self._people, rng) for _ in range(self._batch_size)])

    @torch.no_grad()
    def validate(self, network: SurroundingsSide) -> dict[str, float]:
        return {name: float(loss) for name, loss in self._losses(network, self._held_out).items()}

    def _losses(self, network: SurroundingsSide, styles: list[Tensor]) -> Losses:
        """How far noise moves styles another way, and where clean ones lie."""
        own, clean = torch.stack(styles).unbind(1)
        part = network.surroundings
        aside = 1.0 - F.cosine_similarity(clean - own, part.direction.expand_as(own), dim=-1).mean()
        return {"direction": aside, "place": (part.along(clean).detach() - part.place).square().mean()}

    @torch.no_grad()
    def _heard_twice(self, people: SpeakerSampler, rng: np.random.Generator) -> Tensor:
        """Styles of a recording as it is and without its noise. Shape: [2, S]."""
        piece = random_piece(people.draw(rng), _PIECE_FRAMES, rng)
        audio = self._prepared.audio(piece.utterance, piece.start, piece.n_frames)
        sounds = np.stack([audio, reduce_noise(Waveform(audio, RATE_HZ)).samples])
        mel = self._mel(torch.from_numpy(sounds).to(self._device))
        style: Tensor = self._chain.acoustic.style(mel, torch.full((len(sounds),), mel.shape[1], device=self._device))
        return style


def _people(utterances: list[Utterance]) -> list[Utterance]:
    """Those who speak English, who are people here; everybody where nobody does."""
    return [utterance for utterance in utterances if utterance.language == "en"] or utterances
