"""Text stage of Lite at inference: from phonemes and a voice to the frames that the synthesizer renders.

Legend: B batch, N symbols, T frames (50/s).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from hierbatch.constants import FRAMES_PER_SECOND
from hierbatch.errors import SynthesisError
from hierbatch.frontend.phonemes import PhonemeIds, encode
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.lite.duration_factors import DurationFactors
from hierbatch.models.lite.networks import LiteNetworks
from hierbatch.models.lite.pauses import PauseInputs, insert_pauses
from hierbatch.models.lite.synthesizer import MAX_F0_HZ, MIN_F0_HZ, SynthesisFrames
from hierbatch.models.lite.text_to_vector import PredictedFrames, TextBatch, round_durations
from hierbatch.models.lite.word_prosody import SampledProsody, sample_prosody
from hierbatch.models.speech import SpeechRequest

_MAX_SENTENCE_S = 60.0
_LANGUAGE_SETTINGS = (
    "timbre_covariance_share",
    "clean_style_share",
    "voicing_threshold",
    "low_noise_db",
    "prosody_temperature",
    "pause_rate",
)
"""Settings whose names in a bundle end in the language, such as `low_noise_db_ko`; 0 where they are missing."""


@dataclass(frozen=True, slots=True)
class TextFrames:
    """Prediction for a batch of sentences.

    Shape:
        durations  [B, N]  frames of each symbol, START first
        n_symbols  [B]
    """

    frames: SynthesisFrames
    durations: Tensor
    n_symbols: Tensor


class LiteTextStage:
    """Text-to-vector network with the inference settings of a bundle."""

    def __init__(
        self,
        networks: LiteNetworks,
        synthesis: Mapping[str, float],
        languages: Sequence[str],
        placement: DevicePlacement,
    ) -> None:
        """Create the stage from networks on their device and the settings of their bundle.

        Args:
            networks: networks of the bundle; `onset_aspiration` of its text side is changed to the bundle's setting,
                `prosody` is used where `prosody_temperature` is set, and `pauses` where `pause_rate` is set.
            synthesis: inference settings from the bundle.json.
            languages: languages of the bundle.
            placement: device and precision.
        """
        network = networks.text_to_vector
        network.onset_aspiration = synthesis.get("onset_aspiration", 0.0)
        self._f0_spread = synthesis.get("f0_spread", 1.0)
        self._duration_share = synthesis.get("prosody_duration_share", 0.0)
        self._by_language = {
            name: {language: synthesis.get(f"{name}_{language}", 0.0) for language in languages}
            for name in _LANGUAGE_SETTINGS
        }
        self._scale_durations = DurationFactors(synthesis, network.symbol.num_embeddings)
        self._network, self._prosody, self._pauses = network, networks.prosody, networks.pauses
        self._placement, self._device = placement, placement.device

    @torch.inference_mode()
    def __call__(self, requests: Sequence[SpeechRequest]) -> TextFrames:
        """Predict durations, semantic vectors and F0 of a batch.

        Raises:
            TextError: a phoneme string has unknown symbols.
            SynthesisError: the predicted duration is zero or far too long.
        """
        style = self._placement.tensor(np.stack([request.voice.text_style for request in requests]))
        written_ids = [encode(request.phonemes, request.language) for request in requests]
        text = written = TextBatch.from_ids(written_ids, self._device)
        hidden = self._network.encode(text, style)
        ids = self._insert_pauses(requests, written_ids, hidden)
        if ids != written_ids:  # the added commas change what surrounds them
            text = TextBatch.from_ids(ids, self._device)
            hidden = self._network.encode(text, style)
        is_added = text.symbols != written.symbols
        speed = torch.tensor([request.speed * request.voice.speed for request in requests], device=self._device)
        log_durations = self._network.log_durations(hidden, text, style)
        sampled = self._sample_prosody(requests, ids, hidden, style)
        if sampled is not None:
            log_durations = sampled.scale_durations(log_durations, self._duration_share)
        durations = round_durations(
            self._scale_durations(log_durations, text.symbols, text.language, is_added), text.lengths, speed
        )
        _check_lengths(durations.sum(1))
        predicted = self._network.decode(hidden, durations, style)
        if sampled is not None:
            predicted = sampled.replace_contours(predicted, durations)
        frames = self._to_frames(predicted, durations.sum(1), requests)
        return TextFrames(frames, durations, text.lengths)

    def _insert_pauses(
        self, requests: Sequence[SpeechRequest], ids: list[PhonemeIds], hidden: Tensor
    ) -> list[PhonemeIds]:
        """Insert commas at predicted pauses in the rows whose language has a pause rate above 0."""
        rates = self._settings("pause_rate", requests)
        if not any(rates):
            return ids
        logits = to_array(self._pauses(PauseInputs.from_ids(ids, hidden)))
        return [insert_pauses(*row) for row in zip(ids, logits, rates, strict=True)]

    def _sample_prosody(
        self, requests: Sequence[SpeechRequest], ids: Sequence[PhonemeIds], hidden: Tensor, style: Tensor
    ) -> SampledProsody | None:
        """Sample the prosody of rows whose language has a temperature above 0; None if there are no such rows."""
        temperatures = self._settings("prosody_temperature", requests)
        if not any(temperatures):
            return None
        return sample_prosody(
            self._prosody,
            ids,
            hidden,
            style,
            [request.seed for request in requests],
            [temperature * request.prosody for temperature, request in zip(temperatures, requests, strict=True)],
            [temperature > 0 for temperature in temperatures],
        )

    def _to_frames(
        self, prosody: PredictedFrames, lengths: Tensor, requests: Sequence[SpeechRequest]
    ) -> SynthesisFrames:
        """Input of the synthesizer, with F0 centered on each prompt's median, transposed and scaled as requested."""
        centres = [request.voice.median_f0_hz * 2 ** (request.pitch_semitones / 12) for request in requests]
        spreads = [self._spread(request) * request.voice.prosody for request in requests]
        f0_hz = self._column(centres) * torch.exp(self._column(spreads) * prosody.log_f0)
        shares, clean_shares, thresholds, low_noise_db = (
            torch.tensor(self._settings(name, requests), device=self._device)
            for name in ("timbre_covariance_share", "clean_style_share", "voicing_threshold", "low_noise_db")
        )
        pulses = self._column([1.0 - request.voice.breathiness for request in requests])
        voiced = (prosody.voicing > thresholds[:, None]).float() * pulses
        return SynthesisFrames(
            semantic=prosody.semantic,
            f0_hz=f0_hz.clamp(MIN_F0_HZ, MAX_F0_HZ),
            voiced=voiced,
            lengths=lengths,
            covariance_shares=shares,
            clean_style_shares=clean_shares,
            low_noise_db=low_noise_db,
        )

    def _settings(self, name: str, requests: Sequence[SpeechRequest]) -> list[float]:
        """Value of a setting for each row's language."""
        return [self._by_language[name].get(request.language, 0.0) for request in requests]

    def _spread(self, request: SpeechRequest) -> float:
        """Scale factor for log F0: sampled contours have the spread of recordings, predicted ones are too flat."""
        (temperature,) = self._settings("prosody_temperature", [request])
        is_sampled = temperature > 0
        return request.prosody * (1.0 if is_sampled else self._f0_spread)

    def _column(self, values: Sequence[float]) -> Tensor:
        """One value per row. Shape: returns [B, 1]."""
        return torch.tensor(values, dtype=torch.float32, device=self._device)[:, None]


def _check_lengths(n_frames: Tensor) -> None:
    shortest, longest = int(n_frames.min()), int(n_frames.max())
    if shortest < 1 or longest > _MAX_SENTENCE_S * FRAMES_PER_SECOND:
        raise SynthesisError(
            "The model predicted unusable durations",
            expected=f"0.02 to {_MAX_SENTENCE_S:.0f} s per sentence",
            got=f"{shortest / FRAMES_PER_SECOND:.2f} to {longest / FRAMES_PER_SECOND:.2f} s",
            fix="split the text into shorter sentences",
        )
