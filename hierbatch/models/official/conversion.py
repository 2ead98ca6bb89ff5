"""Voice conversion as HierSpeech++ publishes it, with imported weights: the same interface as every conversion model.

Legend: B batch, L samples at 16 kHz, T frames (50/s), S style.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hierbatch.audio.pitch import F0, PitchRange, estimate_f0
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import BundleError
from hierbatch.models.blocks.noise import row_noise
from hierbatch.models.bundle import Bundle
from hierbatch.models.content_encoder.model import ContentEncoder
from hierbatch.models.converter import ConversionRequest, count_frames
from hierbatch.models.denoiser.model import Denoiser
from hierbatch.models.official.manner import PUBLISHED_MANNER, OfficialVoice, converting_voice, fine_log_f0
from hierbatch.models.official.parts import load_content_encoder, load_denoiser, load_synthesizer
from hierbatch.models.official.prompt import PromptHearing
from hierbatch.models.placement import Placement, to_array
from hierbatch.models.speech import Speech, SpeechRequest
from hierbatch.models.synthesizer.model import Synthesizer
from hierbatch.units import FRAME_HOP_SAMPLES

NOISE_SCALE = 0.333
"""Robust, as published; 0.667 is livelier."""


class OfficialConversion:
    """The synthesizer and the content encoder of an imported bundle, on one device.

    Settings of the bundle: `noise_scale` (0.333) and `denoise_ratio` (0, the prompt as it is; up to 1, all of it
    denoised), which mixes the styles of both where the bundle has a denoiser.
    """

    manner = PUBLISHED_MANNER

    def __init__(
        self,
        bundle: Bundle,
        synthesizer: Synthesizer,
        content: ContentEncoder,
        denoiser: Denoiser | None,
        device: str,
    ) -> None:
        """`device` is a `Placement` in one word; raises InputError where there is no such device here."""
        self.name, self.languages, self.rate_hz = bundle.name, bundle.languages, bundle.rate_hz
        self.fingerprint = bundle.fingerprint
        self._noise_scale = bundle.synthesis.get("noise_scale", NOISE_SCALE)
        self._placement = placement = Placement.here(device)
        self._synthesizer, self._content = placement.place(synthesizer), placement.place(content)
        self._prompts = PromptHearing(bundle, denoiser, placement)

    @staticmethod
    def of_bundle(bundle: Bundle, device: str) -> OfficialConversion:
        """The parts of an imported bundle that conversion needs.

        Raises:
            BundleError: a part is missing or does not fit.
        """
        is_denoised = bundle.has_part("denoiser") or bundle.synthesis.get("denoise_ratio", 0.0) > 0
        denoiser = load_denoiser(bundle) if is_denoised else None
        return OfficialConversion(bundle, load_synthesizer(bundle), load_content_encoder(bundle), denoiser, device)

    @torch.inference_mode()
    def encode_voice(
        self, prompt: Waveform, denoise_ratio: float | None = None, *, track: PitchTracker = estimate_f0
    ) -> OfficialVoice:
        """A voice from 3 to 15 s of one person speaking, at any rate.

        Args:
            prompt: the recording.
            denoise_ratio: 0 hears it as it is, 1 as the bundle's own denoiser leaves it, between them a mix of the two
                styles; by default what the bundle says.
            track: what finds the prompt's pitch.

        Raises:
            PromptError: silent, damaged, too short, or without voiced sound.
            BundleError: noise is to be taken out and the bundle has no denoiser.
        """
        heard = self._prompts.hear(prompt, denoise_ratio)
        style = heard.mixed(self._synthesizer.encode_style(heard.mel, heard.lengths))
        return converting_voice(heard, to_array(style[0]), prompt, track)

    def pitch_range(self, voice: OfficialVoice) -> PitchRange:
        return voice.pitch

    @torch.inference_mode()
    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """Many pieces at once; each sounds as it would alone.

        Raises:
            SynthesisError: a piece is not made of 20 ms frames, or is too long.
        """
        n_frames = [count_frames(request) for request in requests]
        device = self._placement.device
        lengths = torch.tensor(n_frames, device=device)
        sound = _padded([self._placement.tensor(request.samples) for request in requests])
        log_f0 = _padded([self._placement.tensor(_log_f0(request)) for request in requests])
        style = _padded([self._placement.tensor(request.voice.style) for request in requests])
        channels = self._synthesizer.config.channels
        noise = row_noise([request.seed for request in requests], channels, n_frames).to(device)
        with self._placement.computing():
            semantic = self._content(sound, lengths)
            made = self._synthesizer(semantic, log_f0[:, None], lengths, style, noise, noise_scale=self._noise_scale)
        sounds = to_array(made.sound[:, 0])
        return [row[: n * FRAME_HOP_SAMPLES] for row, n in zip(sounds, n_frames, strict=True)]

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech]:
        """Refused: there is no text-to-vector network in it. Raises BundleError."""
        raise BundleError(
            f"Model {self.name!r} converts voices and does not read text",
            mend="choose another model with --model, or convert recordings with this one",
        )


def _log_f0(request: ConversionRequest) -> F0:
    return fine_log_f0(request.f0_hz, request.voiced) if request.placed is None else request.placed


def _padded(rows: Sequence[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
