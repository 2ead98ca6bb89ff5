"""The published chain as one instrument: TTV, pitch clip, synthesizer, SpeechSR, from an imported bundle.

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
from hierbatch.models.bundle import Bundle
from hierbatch.models.converter import ConversionRequest, Key
from hierbatch.models.official.conversion import NOISE_SCALE, OfficialConversion
from hierbatch.models.official.manner import PUBLISHED_MANNER, OfficialVoice, converting_voice, place_as_published
from hierbatch.models.official.networks import OfficialNetworks
from hierbatch.models.official.prompt import PromptHearing
from hierbatch.models.official.reading import OfficialReader, ReadText, draw_noise
from hierbatch.models.official.settling import bend_pitch, clip_pitch
from hierbatch.models.placement import Placement, to_array
from hierbatch.models.speech import Speech, SpeechRequest
from hierbatch.models.text_to_vector.model import Vectors
from hierbatch.units import RATE_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialSpeaker:
    """Who speaks, as the networks know it. Shape: text_style, sound_style [S]."""

    text_style: npt.NDArray[np.float32]
    sound_style: npt.NDArray[np.float32]
    conversion: OfficialVoice | None
    """The same voice for conversion, where the bundle converts."""
    sha256: str


def _place_as_published(f0_hz: F0, speaker: OfficialSpeaker, key: Key) -> F0:
    return place_as_published(f0_hz, _voice_of(speaker), key)


class OfficialSpeech:
    """HierSpeech++ with published weights on one device; a row's sound depends on nothing but its own request."""

    manner = replace(PUBLISHED_MANNER, place_finely=_place_as_published)

    def __init__(self, bundle: Bundle, networks: OfficialNetworks, device: str) -> None:
        """`device` is a `Placement` in one word; raises InputError where there is no such device here."""
        self.name, self.languages, self.fingerprint = bundle.name, bundle.languages, bundle.fingerprint
        self.rate_hz = networks.super_resolution.config.rate_hz if networks.super_resolution else RATE_HZ
        self._noise_scale = bundle.synthesis.get("noise_scale", NOISE_SCALE)
        self._placement = placement = Placement.here(device)
        networks.place(placement)
        self._networks = networks
        self._reader = OfficialReader(bundle, networks.text_to_vector, self._noise_scale, placement)
        self._prompts = PromptHearing(bundle, networks.denoiser, placement)
        self._conversion = None
        if networks.content is not None:
            self._conversion = OfficialConversion(
                bundle, networks.synthesizer, networks.content, networks.denoiser, device
            )

    @staticmethod
    def of_bundle(bundle: Bundle, device: str) -> OfficialSpeech:
        """The instrument of an imported bundle.

        Raises:
            BundleError: a network it needs is not in the bundle, or does not fit.
        """
        return OfficialSpeech(bundle, OfficialNetworks.of_bundle(bundle), device)

    @torch.inference_mode()
    def encode_voice(
        self, prompt: Waveform, denoise_ratio: float | None = None, *, track: PitchTracker = estimate_f0
    ) -> OfficialSpeaker:
        """A voice from 3 to 15 s of one person speaking, at any rate; a shorter one is heard over and over.

        Args:
            prompt: the recording.
            denoise_ratio: 0 hears it as it is, 1 as the bundle's own denoiser leaves it, between them a mix of the two
                styles; by default what the bundle says.
            track: what finds the prompt's pitch, which conversion needs.

        Raises:
            PromptError: silent, damaged or too short.
            BundleError: noise is to be taken out and the bundle has no denoiser.
        """
        heard = self._prompts.hear(prompt, denoise_ratio)
        text_style = heard.mixed(self._networks.text_to_vector.style(heard.mel, heard.lengths))
        sound_style = heard.mixed(self._networks.synthesizer.encode_style(heard.mel, heard.lengths))
        style = to_array(sound_style[0])
        return OfficialSpeaker(
            text_style=to_array(text_style[0]),
            sound_style=style,
            conversion=converting_voice(heard, style, prompt, track) if self._conversion else None,
            sha256=hashlib.sha256(prompt.samples.tobytes()).hexdigest(),
        )

    @torch.inference_mode()
    def speak(self, requests: Sequence[SpeechRequest]) -> list[Speech]:
        """Say a batch; a row sounds the same alone and among others.

        Durations are rounded up, and a batch may round a sum otherwise than a row alone: so texts are read row by row,
        and only what comes after is done together.

        Raises:
            TextError: a phoneme string cannot be read.
            SynthesisError: nothing, or far too much, would be said.
        """
        if not requests:
            return []
        noises = [np.random.default_rng(request.seed) for request in requests]
        texts = [self._reader.read(request, noise) for request, noise in zip(requests, noises, strict=True)]
        vectors = self._reader.say(requests, texts, noises)
        log_f0 = clip_pitch(vectors.log_f0)
        log_f0 = torch.stack(
            [bend_pitch(row, r.pitch_semitones, r.prosody) for row, r in zip(log_f0, requests, strict=True)]
        )
        sounds = self._sing(requests, vectors, log_f0, noises)
        return [
            self._speech(text, sound, log_f0[row, 0], vectors.semantic[row])
            for row, (text, sound) in enumerate(zip(texts, sounds, strict=True))
        ]

    def pitch_range(self, voice: OfficialSpeaker) -> PitchRange:
        """Where a voice's pitch lies, for conversion. Raises BundleError where the bundle does not convert."""
        return self._converter().pitch_range(_voice_of(voice))

    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """Pieces of recordings in other voices, as `OfficialConversion.convert_all`.

        Raises:
            BundleError: the bundle has no content encoder.
            SynthesisError: a piece is not made of 20 ms frames, or is too long.
        """
        return self._converter().convert_all([replace(r, voice=_voice_of(r.voice)) for r in requests])

    def _converter(self) -> OfficialConversion:
        if self._conversion is None:
            raise BundleError(
                f"Model {self.name!r} cannot convert recordings",
                wanted="a content encoder beside the synthesizer",
                mend="import the bundle again with a folder of facebook/mms-300m beside the checkpoints",
            )
        return self._conversion

    def _sing(
        self,
        requests: Sequence[SpeechRequest],
        vectors: Vectors,
        log_f0: Tensor,
        noises: Sequence[np.random.Generator],
    ) -> list[Samples]:
        network = self._networks.synthesizer
        n_frames = vectors.lengths.tolist()
        noise = self._placement.tensor(draw_noise(noises, network.config.channels, n_frames))
        style = self._placement.tensor(np.stack([request.voice.sound_style for request in requests]))
        sounds = []
        with self._placement.computing():
            made = network(vectors.semantic, log_f0, vectors.lengths, style, noise, noise_scale=self._noise_scale)
            for row, length in enumerate(n_frames):
                sound = made.sound[row : row + 1, :, : length * network.config.hop_samples]
                if self._networks.super_resolution is not None:
                    sound = self._networks.super_resolution(sound)
                sounds.append(to_array(sound[0, 0]))
        return sounds

    def _speech(self, text: ReadText, samples: Samples, log_f0: Tensor, semantic: Tensor) -> Speech:
        lead_frames, *token_frames = text.frames_by_token()
        f0_hz = to_array(torch.expm1(log_f0[: 4 * text.n_frames : 2]))
        return Speech(
            waveform=below_full_scale(Waveform(samples, self.rate_hz)),
            token_frames=tuple(token_frames),
            lead_frames=lead_frames,
            f0_hz=f0_hz,
            semantic=to_array(semantic[:, : text.n_frames].T),
        )


def _voice_of(speaker: OfficialSpeaker) -> OfficialVoice:
    assert speaker.conversion is not None  # made by a model that converts
    return speaker.conversion
