"""Prompt features for the published networks: log-mels of the original and, optionally, the denoised prompt.

Legend: L samples at 16 kHz, F log-mel frames (50/s), S style.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hierbatch.audio.kaiser_resample import kaiser_resample
from hierbatch.audio.style_mel import StyleMel
from hierbatch.audio.waveform import Waveform
from hierbatch.constants import RATE_HZ
from hierbatch.errors import BundleError
from hierbatch.models.device_placement import DevicePlacement
from hierbatch.models.hierspeechpp.conditioning import mix_styles
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser
from hierbatch.models.hierspeechpp.denoiser.windows import denoise
from hierbatch.models.prompt import clean_prompt
from hierbatch.models.weights.bundle import Bundle

_SHORT_S = 3.0
_REPEATS = 5
_DENOISER_STEP_SAMPLES = 1600


@dataclass(frozen=True, slots=True)
class PromptFeatures:
    """Features of a prompt on the networks' device.

    Shape:
        mel      [1 or 2, 80, F]  log-mel of the original prompt, and of the denoised one if `ratio` is above 0
        lengths  [1 or 2]         number of frames
    """

    waveform: Waveform
    """Prompt at the networks' rate, with its level unchanged."""
    mel: Tensor
    lengths: Tensor
    ratio: float

    def mix(self, styles: Tensor) -> Tensor:
        """Interpolate the styles of the original and denoised prompt by `ratio`. Shape: [1 or 2, S] -> [1, S]."""
        return mix_styles(styles, self.ratio)


class PromptFeatureExtractor:
    """Feature extractor for prompts, with the denoiser of the bundle if it has one."""

    def __init__(self, bundle: Bundle, denoiser: Denoiser | None, placement: DevicePlacement) -> None:
        self._name = bundle.name
        self._ratio = bundle.synthesis.get("denoise_ratio", 0.0)
        self._placement = placement
        self._denoiser = denoiser.to(placement.device).eval() if denoiser else None
        self._mel = StyleMel().to(placement.device)

    def extract(self, prompt: Waveform, ratio: float | None = None) -> PromptFeatures:
        """Extract features as in the published code: the level is unchanged, prompts under 3 s are repeated five times.

        Args:
            prompt: the recording, at any rate.
            ratio: weight of the denoised prompt's style, 0 to 1; the bundle's setting by default.

        Raises:
            PromptError: the prompt is silent, damaged or too short.
            BundleError: `ratio` is above 0 and the bundle has no denoiser.
        """
        clean_prompt(prompt)  # raises for prompts that no model can use
        ratio = self._ratio if ratio is None else ratio
        waveform = kaiser_resample(prompt, RATE_HZ)
        samples = waveform.samples
        if len(samples) < _SHORT_S * RATE_HZ:
            samples = np.tile(samples, _REPEATS)
        original = self._placement.tensor(samples)
        mel = self._mel(torch.stack([original, self._denoise(original)]) if ratio else original[None])
        lengths = torch.full((len(mel),), mel.shape[-1], device=self._placement.device)
        return PromptFeatures(waveform, mel, lengths, ratio)

    def _denoise(self, sound: Tensor) -> Tensor:
        if self._denoiser is None:
            raise BundleError(
                f"Bundle {self._name!r} has no denoiser",
                fix="import it again with the denoiser's checkpoint, or set no denoise_ratio",
            )
        return denoise(self._denoiser, pad_for_denoiser(sound))[: len(sound)]


def pad_for_denoiser(sound: Tensor) -> Tensor:
    """Pad a prompt with silence to the next multiple of 0.1 s, as the published code does. Shape: [L] -> [L']."""
    n_samples = (len(sound) // _DENOISER_STEP_SAMPLES + 1) * _DENOISER_STEP_SAMPLES
    return F.pad(sound, (0, n_samples - len(sound)))
