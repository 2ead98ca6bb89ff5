"""Denoising a prompt of any length in bounded memory: windows of spectra, laid over each other.

Legend: T frames (160/s), F frequencies, L samples at 16 kHz.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hierbatch.models.blocks.precision import brought_back, in_double
from hierbatch.models.denoiser.model import Denoiser, sound_of, spectrum_of
from hierbatch.units import RATE_HZ

LONGEST_WHOLE_S = 2.5
"""Sounds up to this length are heard in one piece, as the published code hears all."""
SHARED_S = 0.75
"""Least that neighbouring windows share."""


def denoise(network: Denoiser, sound: Tensor, *, window_s: float = LONGEST_WHOLE_S) -> Tensor:
    """Clean a sound of any length; memory grows with the window, not with the sound.

    The level is measured over the whole sound, as if there were no windows, and neighbouring windows are faded into
    each other. A longer sound than one window differs from one heard whole, because norms and attention reach over
    all they hear: see docs/denoising.md for by how much.

    Args:
        network: the denoiser.
        sound: one sound; digital silence comes back as it is.
        window_s: longest piece that is heard at once.

    Shape:
        sound    [L]  at least 400 samples
        returns  [L'] L without what does not fill a hop of 100 samples
    """
    config = network.config
    power = (in_double(sound) ** 2).mean()
    if power == 0:
        return sound[: len(sound) // config.hop_samples * config.hop_samples]
    gain = brought_back(power.rsqrt(), sound)
    spectrum = spectrum_of(gain * sound, config)
    longest = max(2, round(window_s * RATE_HZ / config.hop_samples))
    shared = min(longest // 2, round(SHARED_S * RATE_HZ / config.hop_samples))
    magnitude, phase = spectrum.abs() ** config.compression, spectrum.angle()
    starts = window_starts(spectrum.shape[1], longest, shared)
    if len(starts) == 1:
        found, turned = network(magnitude, phase)
        return sound_of(found, turned, config) / gain
    clean = torch.zeros_like(spectrum)
    weights = spectrum.new_zeros(spectrum.shape[1]).real
    for start in starts:
        window = slice(start, start + longest)
        weight = _fades(longest, shared, is_first=start == 0, is_last=start == starts[-1]).to(sound.device)
        found, turned = network(magnitude[:, window], phase[:, window])
        clean[:, window] += weight * torch.polar(found ** (1 / config.compression), turned)
        weights[window] += weight
    clean /= weights
    return sound_of(clean.abs() ** config.compression, clean.angle(), config) / gain


def window_starts(n_frames: int, longest: int, shared: int) -> list[int]:
    """Where windows of `longest` frames begin so that all frames are heard; neighbours share `shared` or more."""
    if n_frames <= longest:
        return [0]
    n_windows = 1 + math.ceil((n_frames - longest) / (longest - shared))
    return [round(i * (n_frames - longest) / (n_windows - 1)) for i in range(n_windows)]


def _fades(longest: int, shared: int, *, is_first: bool, is_last: bool) -> Tensor:
    """A window's share of each of its frames: up from its start, down to its end, but not at the sound's own ends."""
    ramp = (torch.arange(shared) + 0.5) / shared
    weight = torch.ones(longest)
    if not is_first:
        weight[:shared] = ramp
    if not is_last:
        weight[longest - shared :] = torch.minimum(weight[longest - shared :], ramp.flip(0))
    return weight
