"""Hierarchical synthesizer of Lite: content, pitch and voices to the log-mel latent, and the latent to the waveform.

Legend: B batch, T frames (50/s), 2T mel frames (100/s), C semantic channels, M mel bands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from hierbatch.audio.waveform import Samples
from hierbatch.constants import MEL_HOP_SAMPLES, MELS_PER_FRAME
from hierbatch.models.convnext import length_mask
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.lite.acoustic import pitch_features
from hierbatch.models.lite.articulation import keep_articulation
from hierbatch.models.lite.covariance import match_covariance
from hierbatch.models.lite.generator import interpolate_frames
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.song_noise import SONG_LOW_NOISE_DB
from hierbatch.models.lite.spectral_statistics import SpectralStatisticsMatching
from hierbatch.models.lite.voice import LiteVoice, stack_prompts

MIN_F0_HZ, MAX_F0_HZ = 50.0, 1100.0
"""Range of the F0 input of the networks, in Hz."""


@dataclass(frozen=True, slots=True)
class SynthesisFrames:
    """Frame-level input of the synthesizer for one batch.

    Shape:
        semantic            [B, T, C]
        f0_hz               [B, 2T]  F0 of the vocoder's pulses
        voiced              [B, 2T]  amplitude of the pulses, 0 to 1
        lengths             [B]      number of frames in each row, of T
        seen_f0_hz          [B, 2T]  F0 that the networks receive; None for `f0_hz`
        song_noise_gains    [B, 2T]  factor for the vocoder's noise in songs; None for 1
        covariance_shares   [B]      strength of `match_covariance` for each row
        clean_style_shares  [B]      strength of the style denoiser for each row
        low_noise_db        [B]      gain in dB of the noise below 1 kHz in voiced speech; None for 0 dB
    """

    semantic: Tensor
    f0_hz: Tensor
    voiced: Tensor
    lengths: Tensor
    covariance_shares: Tensor
    clean_style_shares: Tensor
    seen_f0_hz: Tensor | None = None
    low_noise_db: Tensor | None = None
    song_noise_gains: Tensor | None = None
    is_song: Sequence[bool] = ()
    """For each row, True if it needs exact pitch; empty if no row does."""


class LiteSynthesizer:
    """Acoustic model, spectral matching and vocoder of one bundle."""

    def __init__(self, networks: LiteNetworks, synthesis: Mapping[str, float], placement: DevicePlacement) -> None:
        """Create the synthesizer from networks on their device and the settings of their bundle.

        Args:
            networks: networks on their device.
            synthesis: inference settings from the bundle.json.
            placement: device and precision.
        """
        self._source_articulation = synthesis.get("source_articulation", 0.0)
        self._matching = SpectralStatisticsMatching(
            contrast=synthesis.get("latent_contrast", 1.0),
            mean_share=synthesis.get("timbre_mean_share", 0.0),
            spread_share=synthesis.get("timbre_spread_share", 0.0),
        )
        self._clean_style_margin = synthesis.get("clean_style_margin", 0.0)
        self._networks, self._placement = networks, placement

    def synthesize(
        self, frames: SynthesisFrames, voices: Sequence[LiteVoice], seeds: Sequence[int], source: Tensor | None = None
    ) -> list[Samples]:
        """Synthesize each row. The vocoder runs row by row, since batching does not make its FFTs cheaper.

        Args:
            frames: content and pitch of the batch.
            voices: voice of each row.
            seeds: seed of each row's noise.
            source: log-mel of the recordings [B, 2T, M], for voice conversion only.

        Returns:
            Samples of each row at 16 kHz.
        """
        mask = length_mask(frames.lengths, frames.semantic.shape[1])[..., None]
        latent = self._latent(frames, mask, voices, source)
        outputs = []
        for row, (n_frames, seed) in enumerate(zip(frames.lengths.tolist(), seeds, strict=True)):
            n_mels = n_frames * MELS_PER_FRAME
            noise, low_noise_db = self._noise(frames, row, n_mels, seed)
            with self._placement.inference_mode():
                samples = self._networks.vocoder(
                    latent[row : row + 1, :n_mels],
                    frames.f0_hz[row : row + 1, :n_mels],
                    frames.voiced[row : row + 1, :n_mels],
                    noise,
                    mask.new_ones(1, n_mels, 1),
                    None if frames.seen_f0_hz is None else frames.seen_f0_hz[row : row + 1, :n_mels],
                    low_noise_db,
                    _is_song(frames, row),
                )
            outputs.append(to_array(samples[0]))
        return outputs

    def _noise(self, frames: SynthesisFrames, row: int, n_mels: int, seed: int) -> tuple[Tensor, Tensor | None]:
        """Noise of one row, [1, 160 n_mels], and its gain in dB in the low band, [1]; None for 0 dB."""
        white = np.random.default_rng(seed).standard_normal(n_mels * MEL_HOP_SAMPLES, dtype=np.float32)
        noise = self._placement.tensor(white)[None]
        if not _is_song(frames, row):
            return noise, None if frames.low_noise_db is None else frames.low_noise_db[row : row + 1]
        if frames.song_noise_gains is not None:
            noise = noise * interpolate_frames(frames.song_noise_gains[row : row + 1, :n_mels])
        return noise, noise.new_full((1,), SONG_LOW_NOISE_DB)

    def _latent(
        self, frames: SynthesisFrames, mask: Tensor, voices: Sequence[LiteVoice], source: Tensor | None
    ) -> Tensor:
        """Predict the latent and match its statistics to the prompts'. Shape: returns [B, 2T, M]."""
        style = self._placement.tensor(np.stack([voice.sound_style for voice in voices]))
        style = self._networks.style_denoiser(style, frames.clean_style_shares, self._clean_style_margin)
        prompts = stack_prompts(voices, self._placement.device)
        seen = frames.f0_hz if frames.seen_f0_hz is None else frames.seen_f0_hz
        pitch = pitch_features(seen, frames.voiced)
        with self._placement.inference_mode():
            latent: Tensor = self._networks.acoustic(frames.semantic, pitch, style, prompts, mask)
        latent = latent.float()
        mel_mask = mask.repeat_interleave(MELS_PER_FRAME, 1)
        if source is not None:
            latent = keep_articulation(latent, source, mel_mask, self._source_articulation)
        return match_covariance(self._matching(latent, mel_mask, prompts), mel_mask, prompts, frames.covariance_shares)


def _is_song(frames: SynthesisFrames, row: int) -> bool:
    return bool(frames.is_song) and frames.is_song[row]
