"""Voice conversion with the published HierSpeech++ networks, behind the common interface of conversion models.

Legend: B batch, L samples at 16 kHz, T frames (50/s), S style.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hierbatch.audio.pitch import F0, PitchRange, estimate_f0
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.resample import resample
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError
from hierbatch.models.conversion.interface import ConversionRequest, count_frames
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.hierspeechpp.blocks.noise import row_noise
from hierbatch.models.hierspeechpp.content_encoder.model import ContentEncoder
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.hierspeechpp.input_spec import (
    HIERSPEECHPP_INPUT_SPEC,
    ConversionVoice,
    fine_log_f0,
    make_conversion_voice,
)
from hierbatch.models.hierspeechpp.networks import load_content_encoder, load_denoiser, load_synthesizer
from hierbatch.models.hierspeechpp.prompt import PromptFeatureExtractor
from hierbatch.models.hierspeechpp.synthesizer.model import Synthesizer
from hierbatch.models.speech import Speech, SpeechRequest
from hierbatch.models.weights.bundle import Bundle

NOISE_SCALE = 0.333
"""Default scale of the noise, the published one, which is robust; 0.667 is more expressive."""


class HierSpeechPPConverter:
    """Synthesizer and content encoder of an imported bundle on one device.

    Settings of the bundle: `noise_scale` (default 0.333), and `denoise_ratio` (default 0), the weight of the denoised
    prompt's style in its mix with the original prompt's, 0 to 1; a ratio above 0 requires a denoiser in the bundle.
    """

    input_spec = HIERSPEECHPP_INPUT_SPEC

    def __init__(
        self,
        bundle: Bundle,
        synthesizer: Synthesizer,
        content: ContentEncoder,
        denoiser: Denoiser | None,
        placement: DevicePlacement,
    ) -> None:
        """Create the converter from loaded networks and the settings of `bundle`.

        Args:
            bundle: bundle with the name, languages, rate and inference settings.
            synthesizer: published synthesizer.
            content: content encoder.
            denoiser: denoiser for prompts, if the bundle has one.
            placement: device and precision.

        Raises:
            InputError: this machine has no such device.
        """
        self.name, self.languages, self.rate_hz = bundle.name, bundle.languages, bundle.rate_hz
        self.fingerprint = bundle.fingerprint
        self._noise_scale = bundle.synthesis.get("noise_scale", NOISE_SCALE)
        placement.check_available()
        self._placement = placement
        self._synthesizer, self._content = placement.place(synthesizer), placement.place(content)
        self._prompts = PromptFeatureExtractor(bundle, denoiser, placement)

    @staticmethod
    def from_bundle(bundle: Bundle, placement: DevicePlacement) -> HierSpeechPPConverter:
        """Load the networks that conversion needs from an imported bundle.

        Raises:
            BundleError: a component is missing or does not fit.
            InputError: this machine has no such device.
        """
        is_denoised = bundle.has_component("denoiser") or bundle.synthesis.get("denoise_ratio", 0.0) > 0
        denoiser = load_denoiser(bundle) if is_denoised else None
        networks = load_synthesizer(bundle), load_content_encoder(bundle), denoiser
        return HierSpeechPPConverter(bundle, *networks, placement)

    @torch.inference_mode()
    def encode_voice(
        self, prompt: Waveform, denoise_ratio: float | None = None, *, track: PitchTracker = estimate_f0
    ) -> ConversionVoice:
        """Encode a voice from a prompt: 3 to 15 s of one person speaking, at any rate.

        Args:
            prompt: the recording.
            denoise_ratio: weight of the denoised prompt's style, 0 to 1; the bundle's setting by default.
            track: pitch tracker for the prompt.

        Raises:
            PromptError: the prompt is silent, damaged, too short, or has no voiced frames.
            BundleError: `denoise_ratio` is above 0 and the bundle has no denoiser.
        """
        features = self._prompts.extract(prompt, denoise_ratio)
        style = features.mix(self._synthesizer.encode_style(features.mel, features.lengths))
        return make_conversion_voice(features, to_array(style[0]), prompt, track)

    def pitch_range(self, voice: ConversionVoice) -> PitchRange:
        """Median and spread of the F0 of a voice's prompt."""
        return voice.pitch

    @torch.inference_mode()
    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """Convert a batch of segments; each output is independent of the batch.

        Raises:
            SynthesisError: a segment is empty, too long, or not a whole number of 20 ms frames.
        """
        n_frames = [count_frames(request) for request in requests]
        device = self._placement.device
        lengths = torch.tensor(n_frames, device=device)
        samples = _padded([self._placement.tensor(request.samples) for request in requests])
        log_f0 = _padded([self._placement.tensor(_log_f0(request)) for request in requests])
        style = _padded([self._placement.tensor(request.voice.style) for request in requests])
        channels = self._synthesizer.config.channels
        noise = row_noise([request.seed for request in requests], channels, n_frames).to(device)
        with self._placement.inference_mode():
            semantic = self._content(samples, lengths)
            output = self._synthesizer(semantic, log_f0[:, None], lengths, style, noise, noise_scale=self._noise_scale)
        outputs, config = to_array(output.sound[:, 0]), self._synthesizer.config
        rows = [row[: n * config.hop_samples] for row, n in zip(outputs, n_frames, strict=True)]
        # Segments are joined at 16 kHz, the rate of all conversion models.
        return [resample(Waveform(row, config.rate_hz), RATE_HZ).samples for row in rows]

    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech]:
        """Raise BundleError, since the bundle has no text-to-vector network."""
        raise BundleError(
            f"Model {self.name!r} converts voices and does not read text",
            fix="choose another model with --model, or convert recordings with this one",
        )


def _log_f0(request: ConversionRequest) -> F0:
    return fine_log_f0(request.f0_hz, request.voiced) if request.normalized_f0 is None else request.normalized_f0


def _padded(rows: Sequence[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
