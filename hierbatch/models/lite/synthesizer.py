"""The hierarchical synthesizer of Lite as one piece: content, pitch and voices to the latent, and the latent to sound.

Legend: B batch, T frames (50/s), 2T mel frames (100/s), M mel bands, L samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from hierbatch.audio.waveform import Samples
from hierbatch.models.lite.acoustic import pitch_features
from hierbatch.models.lite.articulation import keep_articulation
from hierbatch.models.lite.blocks import length_mask
from hierbatch.models.lite.covariance import match_covariance
from hierbatch.models.lite.matching import LatentMatching
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.voice import Voice, stack_prompts
from hierbatch.models.placement import Placement, to_array
from hierbatch.units import MEL_HOP_SAMPLES, MELS_PER_FRAME


@dataclass(frozen=True, slots=True)
class ChainFrames:
    """The middle of the chain for one batch.

    Shape:
        semantic  [B, T, C]
        f0_hz     [B, 2T]
        voiced    [B, 2T]
        lengths   [B]
        covariance_shares  [B]  how far `match_covariance` goes, by the language of each row
        clean_style_shares [B]  and how far the style is freed of the prompt's noise
    """

    semantic: Tensor
    f0_hz: Tensor
    voiced: Tensor
    lengths: Tensor
    covariance_shares: Tensor
    clean_style_shares: Tensor


class Synthesizer:
    """Acoustic stage, matching and waveform stage of one bundle, used as its `bundle.json` says."""

    def __init__(self, networks: LiteNetworks, synthesis: Mapping[str, float], placement: Placement) -> None:
        self._source_articulation = synthesis.get("source_articulation", 0.0)
        self._matching = LatentMatching(
            contrast=synthesis.get("latent_contrast", 1.0),
            mean_share=synthesis.get("timbre_mean_share", 0.0),
            spread_share=synthesis.get("timbre_spread_share", 0.0),
        )
        self._clean_style_margin = synthesis.get("clean_style_margin", 0.0)
        self._networks, self._placement = networks, placement

    def sing(
        self, frames: ChainFrames, voices: Sequence[Voice], seeds: Sequence[int], source: Tensor | None = None
    ) -> list[Samples]:
        """Sound of each row. The waveform stage runs row by row: its cost is FFTs, which a batch does not lower.

        `source` is the log-mel [B, 2T, M] of the recordings that are converted, where that is what is done.
        """
        mask = length_mask(frames.lengths, frames.semantic.shape[1])[..., None]
        latent = self._latent(frames, mask, voices, source)
        sounds = []
        for row, (n_frames, seed) in enumerate(zip(frames.lengths.tolist(), seeds, strict=True)):
            n_mels = n_frames * MELS_PER_FRAME
            noise = np.random.default_rng(seed).standard_normal(n_mels * MEL_HOP_SAMPLES, dtype=np.float32)
            with self._placement.computing():
                sound = self._networks.waveform(
                    latent[row : row + 1, :n_mels],
                    frames.f0_hz[row : row + 1, :n_mels],
                    frames.voiced[row : row + 1, :n_mels],
                    self._placement.tensor(noise)[None],
                    mask.new_ones(1, n_mels, 1),
                )
            sounds.append(to_array(sound[0]))
        return sounds

    def _latent(self, frames: ChainFrames, mask: Tensor, voices: Sequence[Voice], source: Tensor | None) -> Tensor:
        """Shape: returns [B, 2T, M]."""
        style = self._placement.tensor(np.stack([voice.sound_style for voice in voices]))
        style = self._networks.surroundings(style, frames.clean_style_shares, self._clean_style_margin)
        prompts = stack_prompts(voices, self._placement.device)
        pitch = pitch_features(frames.f0_hz, frames.voiced)
        with self._placement.computing():
            latent: Tensor = self._networks.acoustic(frames.semantic, pitch, style, prompts, mask)
        latent = latent.float()
        mels = mask.repeat_interleave(MELS_PER_FRAME, 1)
        if source is not None:
            latent = keep_articulation(latent, source, mels, self._source_articulation)
        return match_covariance(self._matching(latent, mels, prompts), mels, prompts, frames.covariance_shares)
