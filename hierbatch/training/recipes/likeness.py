"""Train a judge of voices: which of the training speakers a stretch of speech is by, from its log-mel.

It ships nowhere. The school of strangers asks it whether a voice nobody recorded saying something is the prompt's.
Each speaker counts as three, as recorded and with the vocal tract made longer and shorter, so that pitch alone decides
nothing; tilt and level change at random, so that the microphone decides little. Classes are told apart by an additive
angular margin (Deng et al. 2019, ArcFace, section 2.1).
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hierbatch.audio.spectrum import LogMel
from hierbatch.models.lite.config import LiteConfig
from hierbatch.models.lite.style import StyleEncoder
from hierbatch.training.loop import Losses
from hierbatch.training.prepared import PreparedSet, Utterance
from hierbatch.training.recipes.content import disguise
from hierbatch.training.sampling import NOT_TOLD_APART, Piece, random_piece
from hierbatch.training.virtual_speakers import load_shifted
from hierbatch.units import MELS_PER_FRAME

_RATIOS = (0.87, 1.0, 1.15)
_PIECE_FRAMES = (60, 120)
_MARGIN, _SCALE = 0.2, 20.0
_SHORTEST_S = 6.0


class VoiceJudge(nn.Module):
    """A unit vector for a voice.

    Shape:
        mel      [B, 2T, M]
        lengths  [B]  mel frames
        returns  [B, S]
    """

    def __init__(self, config: LiteConfig) -> None:
        super().__init__()
        self.encoder = StyleEncoder(config)

    def forward(self, mel: Tensor, lengths: Tensor) -> Tensor:
        return F.normalize(self.encoder(mel, lengths), dim=-1)


class LikenessSide(nn.Module):
    """The judge and, for its school alone, one direction a voice."""

    def __init__(self, config: LiteConfig, n_voices: int) -> None:
        super().__init__()
        self.judge = VoiceJudge(config)
        self.voices = nn.Parameter(F.normalize(torch.randn(n_voices, config.style_channels), dim=-1))


class LikenessRecipe:
    """`batch_size` stretches of 1.2 to 2.4 s a step, every voice as often as another."""

    def __init__(self, prepared: PreparedSet, config: LiteConfig, device: str = "cpu", batch_size: int = 32) -> None:
        self._prepared, self._device, self._batch_size = prepared, device, batch_size
        self._train = _by_speaker(prepared.split("train"))
        self._held_out = _by_speaker(prepared.split("development"))
        self.network = LikenessSide(config, len(self._train) * len(_RATIOS)).to(device)
        self._mel = LogMel().to(device)

    def losses(self, network: LikenessSide, rng: np.random.Generator) -> Losses:
        speakers = rng.integers(0, len(self._train), self._batch_size)
        shifts = rng.integers(0, len(_RATIOS), self._batch_size)
        n_frames = int(rng.integers(*_PIECE_FRAMES))
        pieces = [_piece(self._train[speaker], n_frames, rng) for speaker in speakers]
        made = self._judged(network, pieces, shifts, rng)
        wanted = torch.from_numpy(speakers * len(_RATIOS) + shifts).to(self._device)
        cosines = made @ F.normalize(network.voices, dim=-1).T
        own = cosines.gather(1, wanted[:, None]).clamp(-0.999, 0.999)
        harder = torch.cos(torch.acos(own) + _MARGIN)
        return {"voice": 0.2 * F.cross_entropy(_SCALE * cosines.scatter(1, wanted[:, None], harder), wanted)}

    @torch.no_grad()
    def validate(self, network: LikenessSide) -> dict[str, float]:
        """Two stretches a held-out speaker: how alike they are, how alike those of two, how often the first is more."""
        rng = np.random.default_rng(0)
        pieces = [_piece(own, 120, rng) for own in self._held_out for _ in range(2)]
        made = self._judged(network, pieces, np.full(len(pieces), _RATIOS.index(1.0)), None)
        first, second = made[0::2], made[1::2]
        cosines = first @ second.T
        same, other = cosines.diagonal(), cosines[~torch.eye(len(cosines), dtype=torch.bool)]
        told = (same[:, None] > other[None]).float().mean() if other.numel() else cosines.new_ones(())
        return {"same": float(same.mean()), "other": float(other.mean()) if other.numel() else 0.0, "told": float(told)}

    def _judged(
        self, network: LikenessSide, pieces: list[Piece], shifts: np.ndarray, rng: np.random.Generator | None
    ) -> Tensor:
        batch = load_shifted(self._prepared, pieces, np.array(_RATIOS, np.float32)[shifts])
        mel = self._mel(torch.from_numpy(batch.audio).to(self._device))
        if rng is not None:
            mel = disguise(mel, rng, most_warp=0.0)
        vectors: Tensor = network.judge(mel, torch.from_numpy(batch.lengths * MELS_PER_FRAME).to(self._device))
        return vectors


def _by_speaker(utterances: list[Utterance]) -> list[list[Utterance]]:
    """Utterances of each speaker who is known to be one, and of whom there is enough."""
    found: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        if NOT_TOLD_APART not in utterance.speaker:
            found[utterance.speaker].append(utterance)
    enough = _SHORTEST_S * 50
    return [own for own in found.values() if sum(u.n_frames for u in own) >= enough] or list(found.values())


def _piece(own: list[Utterance], n_frames: int, rng: np.random.Generator) -> Piece:
    return random_piece(own[int(rng.integers(len(own)))], n_frames, rng)
