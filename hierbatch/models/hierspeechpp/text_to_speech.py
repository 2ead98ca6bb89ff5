"""HierSpeech++ pipeline for speech synthesis with the networks of an imported bundle: TTV, synthesizer, SpeechSR.

Legend: T frames (50/s), S style, L samples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hierbatch.audio.level import below_full_scale
from hierbatch.audio.pitch import F0, PitchRange, estimate_f0
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import BundleError
from hierbatch.models.conversion.interface import ConversionRequest, Transposition
from hierbatch.models.device_placement import DevicePlacement, to_array
from hierbatch.models.hierspeechpp.conditioning import adjust_pitch, clip_pitch
from hierbatch.models.hierspeechpp.input_spec import (
    HIERSPEECHPP_INPUT_SPEC,
    ConversionVoice,
    make_conversion_voice,
    normalize_f0_for_voice,
)
from hierbatch.models.hierspeechpp.networks import HierSpeechPPNetworks
from hierbatch.models.hierspeechpp.prompt import PromptFeatureExtractor
from hierbatch.models.hierspeechpp.text import EncodedText, TextStage, sample_noise
from hierbatch.models.hierspeechpp.text_to_vector.model import TextToVectorOutput
from hierbatch.models.hierspeechpp.voice_conversion import NOISE_SCALE, HierSpeechPPConverter
from hierbatch.models.speech import Speech, SpeechRequest
from hierbatch.models.weights.bundle import Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class HierSpeechPPVoice:
    """Voice encoded from a prompt. Shape: text_style, sound_style [S]."""

    text_style: npt.NDArray[np.float32]
    sound_style: npt.NDArray[np.float32]
    conversion: ConversionVoice | None
    """The same voice as a target for conversion; None if the bundle cannot convert."""
    sha256: str


def _normalize_f0(f0_hz: F0, voice: HierSpeechPPVoice, key: Transposition) -> F0:
    return normalize_f0_for_voice(f0_hz, _conversion_voice(voice), key)


class HierSpeechPPPipeline:
    """HierSpeech++ with published weights on one device; the output of a request is independent of the batch."""

    input_spec = replace(HIERSPEECHPP_INPUT_SPEC, normalize_f0=_normalize_f0)

    def __init__(self, bundle: Bundle, networks: HierSpeechPPNetworks, placement: DevicePlacement) -> None:
        """Create the pipeline from loaded networks and the settings of `bundle`.

        Args:
            bundle: bundle with the name, languages and inference settings.
            networks: networks with loaded weights.
            placement: device and precision.

        Raises:
            InputError: this machine has no such device.
        """
        self.name, self.languages, self.fingerprint = bundle.name, bundle.languages, bundle.fingerprint
        self.rate_hz = networks.rate_hz
        self._noise_scale = bundle.synthesis.get("noise_scale", NOISE_SCALE)
        placement.check_available()
        self._placement = placement
        networks.place(placement)
        self._networks = networks
        self._text_stage = TextStage(bundle, networks.text_to_vector, self._noise_scale, placement)
        self._prompts = PromptFeatureExtractor(bundle, networks.denoiser, placement)
        self._conversion = None
        if networks.content is not None:
            self._conversion = HierSpeechPPConverter(
                bundle, networks.synthesizer, networks.content, networks.denoiser, placement
            )

    @staticmethod
    def from_bundle(bundle: Bundle, placement: DevicePlacement) -> HierSpeechPPPipeline:
        """Load the pipeline of an imported bundle.

        Raises:
            BundleError: a required network is missing or does not fit.
            InputError: this machine has no such device.
        """
        return HierSpeechPPPipeline(bundle, HierSpeechPPNetworks.from_bundle(bundle), placement)

    @torch.inference_mode()
    def encode_voice(
        self, prompt: Waveform, denoise_ratio: float | None = None, *, track: PitchTracker = estimate_f0
    ) -> HierSpeechPPVoice:
        """Encode a voice from a prompt of 3 to 15 s with one speaker, at any rate; shorter prompts are repeated.

        Args:
            prompt: the recording.
            denoise_ratio: weight of the denoised prompt's style, 0 to 1; the bundle's setting by default.
            track: pitch tracker for the prompt, used for conversion only.

        Raises:
            PromptError: the prompt is silent, damaged or too short, or unvoiced if the bundle can convert.
            BundleError: `denoise_ratio` is above 0 and the bundle has no denoiser.
        """
        features = self._prompts.extract(prompt, denoise_ratio)
        text_style = features.mix(self._networks.text_to_vector.style(features.mel, features.lengths))
        sound_style = features.mix(self._networks.synthesizer.encode_style(features.mel, features.lengths))
        style = to_array(sound_style[0])
        return HierSpeechPPVoice(
            text_style=to_array(text_style[0]),
            sound_style=style,
            conversion=make_conversion_voice(features, style, prompt, track) if self._conversion else None,
            sha256=hashlib.sha256(prompt.samples.tobytes()).hexdigest(),
        )

    @torch.inference_mode()
    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech]:
        """Synthesize a batch of sentences; each result is independent of the batch.

        Texts are encoded row by row, and only the later networks run in batches: in a batch, the last bit of a sum may
        differ, which could change a duration that is rounded up.

        Raises:
            TextError: a phoneme string has unknown symbols, or the model does not support its language.
            SynthesisError: the predicted duration is far too long.
        """
        if not requests:
            return []
        noises = [np.random.default_rng(request.seed) for request in requests]
        texts = [self._text_stage.encode(request, noise) for request, noise in zip(requests, noises, strict=True)]
        vectors = self._text_stage.decode(requests, texts, noises)
        log_f0 = clip_pitch(vectors.log_f0)
        log_f0 = torch.stack(
            [adjust_pitch(row, r.pitch_semitones, r.prosody) for row, r in zip(log_f0, requests, strict=True)]
        )
        outputs = self._synthesize(requests, vectors, log_f0, noises)
        return [
            self._speech(text, samples, log_f0[row, 0], vectors.semantic[row])
            for row, (text, samples) in enumerate(zip(texts, outputs, strict=True))
        ]

    def pitch_range(self, voice: HierSpeechPPVoice) -> PitchRange:
        """Median and spread of the F0 of a voice's prompt; raises BundleError if the bundle cannot convert."""
        return self._converter().pitch_range(_conversion_voice(voice))

    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """Convert a batch of segments, as `HierSpeechPPConverter.convert_all` does.

        Raises:
            BundleError: the bundle has no content encoder.
            SynthesisError: a segment is empty, too long, or not a whole number of 20 ms frames.
        """
        return self._converter().convert_all([replace(r, voice=_conversion_voice(r.voice)) for r in requests])

    def _converter(self) -> HierSpeechPPConverter:
        if self._conversion is None:
            raise BundleError(
                f"Model {self.name!r} cannot convert recordings",
                expected="a bundle with a content encoder",
                fix="import the bundle again together with a folder of facebook/mms-300m",
            )
        return self._conversion

    def _synthesize(
        self,
        requests: Sequence[SpeechRequest],
        vectors: TextToVectorOutput,
        log_f0: Tensor,
        noises: Sequence[np.random.Generator],
    ) -> list[Samples]:
        network = self._networks.synthesizer
        n_frames = vectors.lengths.tolist()
        noise = self._placement.tensor(sample_noise(noises, network.config.channels, n_frames))
        style = self._placement.tensor(np.stack([request.voice.sound_style for request in requests]))
        outputs = []
        with self._placement.inference_mode():
            batch = network(vectors.semantic, log_f0, vectors.lengths, style, noise, noise_scale=self._noise_scale)
            for row, length in enumerate(n_frames):
                sound = batch.sound[row : row + 1, :, : length * network.config.hop_samples]
                if self._networks.super_resolution is not None:
                    sound = self._networks.super_resolution(sound)
                outputs.append(to_array(sound[0, 0]))
        return outputs

    def _speech(self, text: EncodedText, samples: Samples, log_f0: Tensor, semantic: Tensor) -> Speech:
        lead_frames, *token_frames = text.frames_by_token()
        f0_hz = to_array(torch.expm1(log_f0[: 4 * text.n_frames : 2]))
        return Speech(
            waveform=below_full_scale(Waveform(samples, self.rate_hz)),
            token_frames=tuple(token_frames),
            lead_frames=lead_frames,
            f0_hz=f0_hz,
            semantic=to_array(semantic[:, : text.n_frames].T),
        )


def _conversion_voice(voice: HierSpeechPPVoice) -> ConversionVoice:
    assert voice.conversion is not None  # encoded by a model with a content encoder
    return voice.conversion
