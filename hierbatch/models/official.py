"""Voice conversion as HierSpeech++ publishes it, with imported weights: the same interface as every conversion model.

Legend: B batch, L samples at 16 kHz, T frames (50/s), S style.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.pitch import F0, PitchRange, estimate_f0, measure_pitch_range
from hierbatch.audio.pitch_trackers import FinePitchTracker, PitchTracker
from hierbatch.audio.published_pitch import log_f0_in_voice
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import BundleError, PromptError
from hierbatch.models.blocks.noise import row_noise
from hierbatch.models.bundle import Bundle
from hierbatch.models.content_encoder.config import ContentEncoderConfig
from hierbatch.models.content_encoder.model import ContentEncoder
from hierbatch.models.converter import ConversionRequest, Key, SourceManner, count_frames
from hierbatch.models.denoiser.config import DenoiserConfig
from hierbatch.models.denoiser.model import Denoiser
from hierbatch.models.official_prompt import HeardPrompt, PromptHearing
from hierbatch.models.placement import Placement, to_array
from hierbatch.models.speech import Speech, SpeechRequest
from hierbatch.models.synthesizer.config import SynthesizerConfig
from hierbatch.models.synthesizer.model import Synthesizer
from hierbatch.units import FRAME_HOP_SAMPLES

NOISE_SCALE = 0.333
"""Robust, as published; 0.667 is livelier."""
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 1100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialVoice:
    """Who speaks; made by `OfficialConversion.encode_voice`.

    Shape:
        style         [S]
        prompt_f0_hz  [any]
    """

    style: npt.NDArray[np.float32]
    pitch: PitchRange
    prompt_f0_hz: F0
    """The prompt's contour, 0 where unvoiced, as the tracker found it that the voice was heard with."""
    sha256: str


def place_as_published(f0_hz: F0, voice: OfficialVoice, key: Key) -> F0:
    return log_f0_in_voice(f0_hz, voice.prompt_f0_hz, key.semitones)


_PADDING_SAMPLES = 1280
PUBLISHED_MANNER = SourceManner(
    resample=kaiser_resample,
    gain=lambda _source: 1.0,  # at its own level
    padded_length=lambda n_samples: (n_samples // _PADDING_SAMPLES + 1) * _PADDING_SAMPLES,
    place_finely=place_as_published,
)
"""How the published networks are given a recording, where its pitch is found every 5 ms."""


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
        synthesizer = Synthesizer(SynthesizerConfig(**part_sizes(bundle, "synthesizer")), is_for_training=False)
        content = ContentEncoder(ContentEncoderConfig(**part_sizes(bundle, "content_encoder")))
        load_part(synthesizer, bundle, "synthesizer", but_for="training_parts.")
        load_part(content, bundle, "content_encoder")
        denoiser = None
        if bundle.has_part("denoiser") or bundle.synthesis.get("denoise_ratio", 0.0) > 0:
            denoiser = Denoiser(DenoiserConfig(**part_sizes(bundle, "denoiser")))
            load_part(denoiser, bundle, "denoiser")
        return OfficialConversion(bundle, synthesizer, content, denoiser, device)

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


def converting_voice(
    heard: HeardPrompt, style: npt.NDArray[np.float32], prompt: Waveform, track: PitchTracker
) -> OfficialVoice:
    """A voice of a style already found, with its prompt's pitch.

    Raises:
        PromptError: nothing in the prompt is voiced.
    """
    f0_hz = track.finely(heard.sound) if isinstance(track, FinePitchTracker) else track(heard.sound)
    if not (f0_hz > 0).any():
        raise PromptError("There is no voice in the prompt", wanted="one person speaking", got="no voiced sound")
    return OfficialVoice(
        style=style,
        pitch=measure_pitch_range(f0_hz),
        prompt_f0_hz=f0_hz,
        sha256=hashlib.sha256(prompt.samples.tobytes()).hexdigest(),
    )


def _log_f0(request: ConversionRequest) -> F0:
    return fine_log_f0(request.f0_hz, request.voiced) if request.placed is None else request.placed


def fine_log_f0(f0_hz: F0, voiced: npt.NDArray[np.bool_]) -> F0:
    """What the synthesizer is given, ln(F0 + 1) or 0 where unvoiced, a value every 5 ms from one every 10 ms.

    A value of the finer grid stands on a value of the coarser or midway between two, where both or one may be voiced.

    Shape:
        f0_hz, voiced  [2 T]
        returns        [4 T]
    """
    log_hz = np.log(np.clip(f0_hz, _LOWEST_HZ, _HIGHEST_HZ))
    is_voiced = voiced.astype(np.float32)
    before, is_voiced_before = (np.concatenate([x[:1], x[:-1]]) for x in (log_hz, is_voiced))
    n_voiced = is_voiced + is_voiced_before
    between = (log_hz * is_voiced + before * is_voiced_before) / np.maximum(n_voiced, 1)
    fine = np.stack([between, log_hz], axis=1).ravel()
    is_sung = np.stack([n_voiced > 0, voiced], axis=1).ravel()
    return np.where(is_sung, np.log1p(np.exp(fine)), 0).astype(np.float32)


def _padded(rows: Sequence[Tensor]) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True)


def part_sizes(bundle: Bundle, part: str) -> dict[str, Any]:
    """Sizes that differ from the published ones, if the bundle names any."""
    sizes = bundle.config.get(part, {})
    return {name: tuple(size) if isinstance(size, list) else size for name, size in sizes.items()}


def load_part(network: torch.nn.Module, bundle: Bundle, part: str, *, but_for: str = "\0") -> None:
    """Fill a network with a part of a bundle, without the weights whose names start with `but_for`.

    Raises:
        BundleError: there is no such part, it is damaged, or it does not fit.
    """
    weights = {name: value for name, value in bundle.load_part(part).items() if not name.startswith(but_for)}
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise BundleError(
            f"The weights of bundle {bundle.name!r} do not fit {type(network).__name__}",
            got="; ".join(line.strip() for line in str(error).splitlines()[1:4]),
            mend="import the bundle again",
        ) from error
