"""How the published networks are given a prompt: as it is, and where asked without its noise, beside each other.

Legend: L samples at 16 kHz, F frames of style mel (50/s).
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
from hierbatch.errors import BundleError
from hierbatch.models.bundle import Bundle
from hierbatch.models.denoiser.model import Denoiser
from hierbatch.models.denoiser.windows import denoise
from hierbatch.models.official.settling import mix_styles
from hierbatch.models.placement import Placement
from hierbatch.models.prompt import clean_prompt
from hierbatch.units import RATE_HZ

_SHORT_S = 3.0
_REPEATS = 5
_DENOISER_STEP_SAMPLES = 1600


@dataclass(frozen=True, slots=True)
class HeardPrompt:
    """A prompt on the networks' device.

    Shape:
        mel      [1 or 2, 80, F]  as it is, and without its noise
        lengths  [1 or 2]
    """

    sound: Waveform
    """At the networks' rate and at its own level."""
    mel: Tensor
    lengths: Tensor
    ratio: float

    def mixed(self, styles: Tensor) -> Tensor:
        """The style between both that the ratio asks for. Shape: [1 or 2, S] -> [1, S]."""
        return mix_styles(styles, self.ratio)


class PromptHearing:
    """Prompts of one bundle, by its own denoiser where it has one."""

    def __init__(self, bundle: Bundle, denoiser: Denoiser | None, placement: Placement) -> None:
        self._name = bundle.name
        self._ratio = bundle.synthesis.get("denoise_ratio", 0.0)
        self._placement = placement
        self._denoiser = denoiser.to(placement.device).eval() if denoiser else None
        self._mel = StyleMel().to(placement.device)

    def hear(self, prompt: Waveform, ratio: float | None = None) -> HeardPrompt:
        """Resampled as published, at its own level; what is under 3 s is heard five times over, as the published page
        does.

        Args:
            prompt: the recording, at any rate.
            ratio: 0 hears it as it is, 1 as the denoiser leaves it; by default what the bundle says.

        Raises:
            PromptError: silent, damaged or too short.
            BundleError: noise is to be taken out and the bundle has no denoiser.
        """
        clean_prompt(prompt)  # refuses what no model can use
        ratio = self._ratio if ratio is None else ratio
        sound = kaiser_resample(prompt, RATE_HZ)
        samples = sound.samples
        if len(samples) < _SHORT_S * RATE_HZ:
            samples = np.tile(samples, _REPEATS)
        heard = self._placement.tensor(samples)
        mel = self._mel(torch.stack([heard, self._without_noise(heard)]) if ratio else heard[None])
        lengths = torch.full((len(mel),), mel.shape[-1], device=self._placement.device)
        return HeardPrompt(sound, mel, lengths, ratio)

    def _without_noise(self, sound: Tensor) -> Tensor:
        if self._denoiser is None:
            raise BundleError(
                f"Bundle {self._name!r} has no denoiser",
                mend="import it again with the denoiser's checkpoint, or leave denoise_ratio out",
            )
        return denoise(self._denoiser, padded_for_denoiser(sound))[: len(sound)]


def padded_for_denoiser(sound: Tensor) -> Tensor:
    """A prompt and the silence behind it that the published code hears it with. Shape: [L] -> [L']."""
    n_samples = (len(sound) // _DENOISER_STEP_SAMPLES + 1) * _DENOISER_STEP_SAMPLES
    return F.pad(sound, (0, n_samples - len(sound)))
