"""The denoiser's cases: the network from stored magnitudes and phases, and the sound of what it gives.

The way from a sound to its phases is not compared: where a bin is real or at the noise floor its phase stands on the
cut at pi, and which side it falls on belongs to the FFT library.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hierbatch.models.denoiser.model import sound_of
from hierbatch.models.denoiser.weights import denoiser_from
from hierbatch.models.golden import GoldenCase
from hierbatch.models.verification.comparison import Checked, Comparison, GoldenNetworks, read_arrays

_GAIN_TOLERANCE = 1e-4
_MAGNITUDE_TOLERANCE = 1e-4
_PHASE_TOLERANCE = 1e-3
_SOUND_TOLERANCE = 1e-5


def check_denoiser(case: GoldenCase, networks: GoldenNetworks) -> Checked:
    """One sound's spectra through the network on rule weights."""
    spectra = ("out_noisy_mag", "out_noisy_pha", "out_mag", "out_pha")
    shapes = {"in_audio": "L", "out_norm_factor": "", "out_audio": "1 M"} | dict.fromkeys(spectra, "1 F T")
    arrays = read_arrays(case, shapes)
    network = networks.by_rule("denoiser", denoiser_from)
    sound, wanted_gain = arrays["in_audio"].float(), arrays["out_norm_factor"]
    gain = (sound.double() ** 2).mean().rsqrt().float()
    magnitude, phase = network(arrays["out_noisy_mag"][0], arrays["out_noisy_pha"][0])
    found_sound = sound_of(magnitude, phase, network.config)[None] / wanted_gain
    # An angle and the same angle a turn later are no difference.
    turned = _turn(phase[None] - arrays["out_pha"])
    return [
        Comparison("out_norm_factor", gain, wanted_gain, _GAIN_TOLERANCE * float(wanted_gain)),
        Comparison("out_mag", magnitude[None], arrays["out_mag"], _MAGNITUDE_TOLERANCE),
        Comparison("out_pha", turned, torch.zeros_like(turned), _PHASE_TOLERANCE),
        Comparison("out_audio", found_sound, arrays["out_audio"], _SOUND_TOLERANCE),
    ]


def _turn(angles: Tensor) -> Tensor:
    """The same angles between -pi and pi."""
    return torch.remainder(angles + math.pi, 2 * math.pi) - math.pi
