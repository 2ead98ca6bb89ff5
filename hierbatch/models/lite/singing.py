"""Singing with the Lite networks: durations and F0 of the score in place of the predicted ones.

The frame decoder was trained on speech, so long vowels are decoded at a length usual in speech and then stretched in
the middle; their onsets and ends are not stretched.

Legend: N tokens, T frames (50/s), 2T pitch frames (100/s), C channels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from hierbatch.audio.waveform import Waveform
from hierbatch.constants import MELS_PER_FRAME, RATE_HZ
from hierbatch.frontend.phonemes import encode
from hierbatch.frontend.singing.alignment import AlignedPhrase, align_phrase
from hierbatch.frontend.singing.contour import bounded_expression, phrase_contour
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.lite.duration_factors import DurationFactors
from hierbatch.models.lite.song_noise import song_noise_gains
from hierbatch.models.lite.synthesizer import MAX_F0_HZ, MIN_F0_HZ, LiteSynthesizer, SynthesisFrames
from hierbatch.models.lite.text_to_vector import LiteTextToVector, PredictedFrames, TextBatch, round_durations
from hierbatch.models.singing import SingingRequest, SungWaveform

_LONGEST_DECODED_FRAMES = 14
"""Longest token that is decoded as it is; longer ones are stretched."""
_HIGHEST_SPOKEN_HZ = 400.0
"""F0 that little of the speech in the training data exceeds."""
_KEPT_START_FRAMES, _KEPT_END_FRAMES = 4, 7
"""Frames at the start and the end of a stretched token that are not stretched."""


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Frames of one phrase. Shapes: semantic [T, C]; f0_hz, voiced and noise_gains [2T]."""

    aligned: AlignedPhrase
    semantic: Tensor
    f0_hz: Tensor
    voiced: Tensor
    noise_gains: Tensor


class LiteSinger:
    """Singing with the text-to-vector network and the synthesizer of a bundle."""

    def __init__(
        self,
        network: LiteTextToVector,
        synthesizer: LiteSynthesizer,
        synthesis: Mapping[str, float],
        placement: DevicePlacement,
    ) -> None:
        """Create the singer from networks on their device and the settings of their bundle.

        Args:
            network: text-to-vector network on its device.
            synthesizer: acoustic model and vocoder.
            synthesis: inference settings from the bundle.json.
            placement: device and precision.
        """
        self._network, self._synthesizer, self._synthesis = network, synthesizer, synthesis
        self._placement, self._device = placement, placement.device
        self._scale_durations = DurationFactors(synthesis, network.symbol.num_embeddings)

    @torch.inference_mode()
    def __call__(self, requests: Sequence[SingingRequest]) -> list[SungWaveform]:
        """Synthesize phrases; results are independent of the batch.

        Raises:
            TextError: a phoneme string has unknown symbols.
        """
        phrases = [self._decode(request) for request in requests]

        def padded(rows: Sequence[Tensor]) -> Tensor:
            return pad_sequence(list(rows), batch_first=True)

        f0_hz = padded([phrase.f0_hz for phrase in phrases]).clamp(MIN_F0_HZ, MAX_F0_HZ)
        lengths = torch.tensor([len(phrase.semantic) for phrase in phrases], device=self._device)
        frames = SynthesisFrames(
            semantic=padded([phrase.semantic for phrase in phrases]),
            f0_hz=f0_hz,
            seen_f0_hz=fold_octaves(f0_hz),
            voiced=padded([phrase.voiced for phrase in phrases]),
            song_noise_gains=padded([phrase.noise_gains for phrase in phrases]),
            is_song=[True] * len(phrases),
            lengths=lengths,
            covariance_shares=self._shares("timbre_covariance_share", requests),
            clean_style_shares=self._shares("clean_style_share", requests),
        )
        outputs = self._synthesizer.synthesize(
            frames, [request.voice for request in requests], [request.seed for request in requests]
        )
        return [
            SungWaveform(
                waveform=Waveform(samples, RATE_HZ),
                f0_hz=to_array(phrase.f0_hz * phrase.voiced),
                aligned=phrase.aligned,
            )
            for phrase, samples in zip(phrases, outputs, strict=True)
        ]

    def _decode(self, request: SingingRequest) -> _Phrase:
        phrase = request.phrase
        text = TextBatch.from_ids([encode(phrase.phonemes, phrase.language)], self._device)
        style = self._placement.tensor(request.voice.text_style)[None]
        hidden = self._network.encode(text, style)
        log_durations = self._scale_durations(
            self._network.log_durations(hidden, text, style), text.symbols, text.language
        )
        natural = round_durations(log_durations, text.lengths, torch.ones(1, device=self._device))[0]
        aligned = align_phrase(phrase, natural[1:].tolist())
        target = np.array([aligned.lead_frames, *aligned.token_frames])
        decoded = np.minimum(target, _LONGEST_DECODED_FRAMES)
        predicted = self._network.decode(hidden, torch.tensor(decoded, device=self._device)[None], style)
        return self._on_score(request, aligned, predicted, _source_frames(target, decoded))

    def _on_score(
        self,
        request: SingingRequest,
        aligned: AlignedPhrase,
        predicted: PredictedFrames,
        source_frames: npt.NDArray[np.float32],
    ) -> _Phrase:
        """Stretch predicted frames to the score, and replace their F0.

        Args:
            request: phrase and style.
            aligned: durations on the score.
            predicted: decoded frames.
            source_frames: position of each frame of the phrase among the decoded ones.
        """
        phrase, style = request.phrase, request.style
        at = self._placement.tensor(source_frames)
        halves = torch.stack([2 * at, 2 * at + 1], dim=1).flatten()
        voicing = _interpolated(predicted.voicing[0][:, None], halves)[:, 0]
        threshold = self._synthesis.get(f"voicing_threshold_{phrase.language}", 0.0)
        is_vowel = np.repeat(aligned.is_vowel, MELS_PER_FRAME)
        is_rest = self._placement.tensor(np.repeat(aligned.is_rest, MELS_PER_FRAME).astype(np.float32))
        vowels = self._placement.tensor(is_vowel.astype(np.float32))
        voiced = torch.maximum((voicing > threshold).float(), vowels)
        log_f0 = to_array(_interpolated(predicted.log_f0[0][:, None], halves)[:, 0])
        deviation = bounded_expression(log_f0, phrase, is_vowel, style.expression_cents)
        contour = phrase_contour(phrase, style, request.semitones) * 2 ** (deviation / 1200)
        f0_hz = self._placement.tensor(contour.astype(np.float32))
        return _Phrase(
            aligned=aligned,
            semantic=_interpolated(predicted.semantic[0], at),
            f0_hz=f0_hz,
            voiced=voiced * (1 - is_rest),
            noise_gains=song_noise_gains(f0_hz, vowels),
        )

    def _shares(self, name: str, requests: Sequence[SingingRequest]) -> Tensor:
        shares = [self._synthesis.get(f"{name}_{request.phrase.language}", 0.0) for request in requests]
        return torch.tensor(shares, device=self._device)


def fold_octaves(f0_hz: Tensor) -> Tensor:
    """Transpose high F0 down by whole octaves, into the range of speech.

    The networks predict the spectrum for the lower F0; all harmonics of the pulses are harmonics of the lower F0, too.
    """
    octaves = torch.ceil(torch.log2(f0_hz / _HIGHEST_SPOKEN_HZ)).clamp_min(0.0)
    return f0_hz * torch.exp2(-octaves)


def _source_frames(target: npt.NDArray[np.int64], decoded: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Position of each frame of the score among the decoded frames.

    Args:
        target: duration of each token on the score.
        decoded: duration at which each token was decoded, at most `target`.

    Shape:
        target, decoded  [N]
        returns          [T]
    """
    positions = []
    for start, n_target, n_decoded in zip(np.cumsum(decoded) - decoded, target, decoded, strict=True):
        if n_target == n_decoded:
            positions.append(start + np.arange(n_target))
            continue
        known_from = [0, _KEPT_START_FRAMES, n_target - _KEPT_END_FRAMES, n_target - 1]
        known_to = [0, _KEPT_START_FRAMES, n_decoded - _KEPT_END_FRAMES, n_decoded - 1]
        positions.append(start + np.interp(np.arange(n_target), known_from, known_to))
    return np.concatenate(positions).astype(np.float32)


def _interpolated(rows: Tensor, positions: Tensor) -> Tensor:
    """Linear interpolation between rows. Shapes: rows [T, C], P positions in rows [P] -> [P, C]."""
    low = positions.floor().long().clamp(0, len(rows) - 1)
    high = (low + 1).clamp_max(len(rows) - 1)
    share = (positions - low)[:, None]
    return rows[low] * (1 - share) + rows[high] * share
