"""Golden checks of the denoiser: the network on stored magnitudes and phases, and the resynthesized audio.

The phases of the input spectrum are not compared: for a bin that is real or at the noise floor, the phase is at the
branch cut at pi, on a side that depends on the FFT library.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hierbatch.models.hierspeechpp.denoiser.model import reconstruct_waveform
from hierbatch.models.hierspeechpp.denoiser.weights import denoiser_from
from tools.parity.comparison import CaseResult, GoldenNetworks, OutputCheck, read_arrays
from tools.parity.golden import GoldenCase

_GAIN_TOLERANCE = 1e-4
_MAGNITUDE_TOLERANCE = 1e-4
_PHASE_TOLERANCE = 1e-3
_SOUND_TOLERANCE = 1e-5


def check_denoiser(case: GoldenCase, networks: GoldenNetworks) -> CaseResult:
    """Compare the denoised spectrum and audio of one signal, on rule weights."""
    spectra = ("out_noisy_mag", "out_noisy_pha", "out_mag", "out_pha")
    shapes = {"in_audio": "L", "out_norm_factor": "", "out_audio": "1 M"} | dict.fromkeys(spectra, "1 F T")
    arrays = read_arrays(case, shapes)
    network = networks.with_rule_weights("denoiser", denoiser_from)
    sound, wanted_gain = arrays["in_audio"].float(), arrays["out_norm_factor"]
    gain = (sound.double() ** 2).mean().rsqrt().float()
    magnitude, phase = network(arrays["out_noisy_mag"][0], arrays["out_noisy_pha"][0])
    found_sound = reconstruct_waveform(magnitude, phase, network.config)[None] / wanted_gain
    # Phases are equal modulo 2 pi.
    phase_error = _wrap(phase[None] - arrays["out_pha"])
    return [
        OutputCheck("out_norm_factor", gain, wanted_gain, _GAIN_TOLERANCE * float(wanted_gain)),
        OutputCheck("out_mag", magnitude[None], arrays["out_mag"], _MAGNITUDE_TOLERANCE),
        OutputCheck("out_pha", phase_error, torch.zeros_like(phase_error), _PHASE_TOLERANCE),
        OutputCheck("out_audio", found_sound, arrays["out_audio"], _SOUND_TOLERANCE),
    ]


def _wrap(angles: Tensor) -> Tensor:
    """Wrap angles to the range from -pi to pi."""
    return torch.remainder(angles + math.pi, 2 * math.pi) - math.pi
