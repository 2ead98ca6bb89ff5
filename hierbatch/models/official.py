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

from hierbatch.audio.pitch import F0, PitchRange, estimate_f0, measure_pitch_range
from hierbatch.audio.pitch_trackers import PitchTracker
from hierbatch.audio.style_mel import StyleMel
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.errors import BundleError, SynthesisError
from hierbatch.models.blocks.noise import row_noise
from hierbatch.models.bundle import Bundle
from hierbatch.models.content_encoder.config import ContentEncoderConfig
from hierbatch.models.content_encoder.model import ContentEncoder
from hierbatch.models.conversion import ConversionRequest
from hierbatch.models.denoiser.config import DenoiserConfig
from hierbatch.models.denoiser.model import Denoiser
from hierbatch.models.denoiser.windows import denoise
from hierbatch.models.placement import Placement, to_array
from hierbatch.models.prompt import hear_prompt
from hierbatch.models.speech import Speech, SpeechRequest
from hierbatch.models.synthesizer.config import SynthesizerConfig
from hierbatch.models.synthesizer.model import Synthesizer
from hierbatch.units import FRAME_HOP_SAMPLES, FRAMES_PER_SECOND, RATE_HZ

NOISE_SCALE = 0.333
"""Robust, as published; 0.667 is livelier."""
_LONGEST_PIECE_S = 30.0
_LOWEST_HZ, _HIGHEST_HZ = 55.0, 1100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialVoice:
    """Who speaks; made by `OfficialConversion.encode_voice`.

    Shape:
        style  [S]
    """

    style: npt.NDArray[np.float32]
    pitch: PitchRange
    sha256: str


class OfficialConversion:
    """The synthesizer and the content encoder of an imported bundle, on one device.

    Settings of the bundle: `noise_scale` (0.333) and `denoise_ratio` (0, the prompt as it is; up to 1, all of it
    denoised), which mixes the styles of both where the bundle has a denoiser.
    """

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
        self._denoise_ratio = bundle.synthesis.get("denoise_ratio", 0.0)
        self._placement = placement = Placement.here(device)
        self._synthesizer, self._content = placement.place(synthesizer), placement.place(content)
        self._denoiser = denoiser.to(placement.device).eval() if denoiser else None
        self._mel = StyleMel().to(placement.device)

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
        if bundle.synthesis.get("denoise_ratio", 0.0) > 0:
            denoiser = Denoiser(DenoiserConfig(**part_sizes(bundle, "denoiser")))
            load_part(denoiser, bundle, "denoiser")
        return OfficialConversion(bundle, synthesizer, content, denoiser, device)

    @torch.inference_mode()
    def encode_voice(self, prompt: Waveform, *, track: PitchTracker = estimate_f0) -> OfficialVoice:
        """A voice from 3 to 15 s of one person speaking, at any rate.

        Raises:
            PromptError: silent, damaged, too short, or without voiced sound.
        """
        sound, f0_hz = hear_prompt(prompt, track)
        heard = [sound.samples]
        if self._denoiser is not None:
            clean = to_array(denoise(self._denoiser, self._placement.tensor(sound.samples)))
            heard.append(clean[: sound.n_samples])
        styles = self._synthesizer.encode_style(*self._mel.of_sounds(heard))
        return OfficialVoice(
            style=to_array(torch.lerp(styles[0], styles[-1], self._denoise_ratio)),
            pitch=measure_pitch_range(f0_hz),
            sha256=hashlib.sha256(prompt.samples.tobytes()).hexdigest(),
        )

    def pitch_range(self, voice: OfficialVoice) -> PitchRange:
        return voice.pitch

    def convert(self, request: ConversionRequest) -> Samples:
        """One piece of a recording in another voice; `convert_recording` makes pieces of any length.

        Raises:
            SynthesisError: the piece is not made of 20 ms frames, or is too long.
        """
        return self.convert_all([request])[0]

    @torch.inference_mode()
    def convert_all(self, requests: Sequence[ConversionRequest]) -> list[Samples]:
        """Many pieces at once; each sounds as it would alone.

        Raises:
            SynthesisError: a piece is not made of 20 ms frames, or is too long.
        """
        n_frames = [_count_frames(request) for request in requests]
        device = self._placement.device
        lengths = torch.tensor(n_frames, device=device)
        sound = _padded([self._placement.tensor(request.samples) for request in requests])
        log_f0 = _padded([self._placement.tensor(fine_log_f0(r.f0_hz, r.voiced)) for r in requests])
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


def _count_frames(request: ConversionRequest) -> int:
    n_frames, rest = divmod(len(request.samples), FRAME_HOP_SAMPLES)
    if rest or not 0 < n_frames <= _LONGEST_PIECE_S * FRAMES_PER_SECOND:
        raise SynthesisError(
            "The piece cannot be converted",
            wanted=f"whole frames of {FRAME_HOP_SAMPLES} samples, {_LONGEST_PIECE_S:.0f} s at most",
            got=f"{len(request.samples) / RATE_HZ:.3f} s",
        )
    return n_frames


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
