"""Denoising of prompts of any length in bounded memory, with overlapping windows.

Legend: T frames (160/s), F frequencies, L samples at 16 kHz.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hierbatch.constants import RATE_HZ
from hierbatch.models.hierspeechpp.denoiser.model import Denoiser, reconstruct_waveform, short_time_spectrum
from hierbatch.models.precision import restore_dtype, to_float64

MAX_WINDOW_S = 2.5
"""Maximum length of a window in seconds; the published code processes every sound in one window."""
MIN_OVERLAP_S = 0.75
"""Minimum overlap of neighboring windows, in seconds."""


def denoise(network: Denoiser, sound: Tensor, *, window_s: float = MAX_WINDOW_S) -> Tensor:
    """Denoise a sound of any length; memory grows with the window, not with the sound.

    The level is measured over the whole sound, and neighboring windows are cross-faded. The output differs from that
    of a single window, because norms and attention extend over a whole window; docs/denoising.md quantifies this.

    Args:
        network: the denoiser.
        sound: one sound; digital silence is returned unchanged.
        window_s: maximum window length in seconds.

    Shape:
        sound    [L]   at least 400 samples
        returns  [L']  L rounded down to whole hops of 100 samples
    """
    config = network.config
    power = (to_float64(sound) ** 2).mean()
    if power == 0:
        return sound[: len(sound) // config.hop_samples * config.hop_samples]
    gain = restore_dtype(power.rsqrt(), sound)
    spectrum = short_time_spectrum(gain * sound, config)
    window_frames = max(2, round(window_s * RATE_HZ / config.hop_samples))
    overlap_frames = min(window_frames // 2, round(MIN_OVERLAP_S * RATE_HZ / config.hop_samples))
    magnitude, phase = spectrum.abs() ** config.compression, spectrum.angle()
    starts = window_starts(spectrum.shape[1], window_frames, overlap_frames)
    if len(starts) == 1:
        clean_magnitude, clean_phase = network(magnitude, phase)
        return reconstruct_waveform(clean_magnitude, clean_phase, config) / gain
    clean = torch.zeros_like(spectrum)
    weights = spectrum.new_zeros(spectrum.shape[1]).real
    for start in starts:
        window = slice(start, start + window_frames)
        weight = _fades(window_frames, overlap_frames, is_first=start == 0, is_last=start == starts[-1]).to(
            sound.device
        )
        clean_magnitude, clean_phase = network(magnitude[:, window], phase[:, window])
        clean[:, window] += weight * torch.polar(clean_magnitude ** (1 / config.compression), clean_phase)
        weights[window] += weight
    clean /= weights
    return reconstruct_waveform(clean.abs() ** config.compression, clean.angle(), config) / gain


def window_starts(n_frames: int, window_frames: int, overlap_frames: int) -> list[int]:
    """Start frames of evenly spaced windows that cover all frames.

    Args:
        n_frames: number of frames in the sound.
        window_frames: number of frames in a window.
        overlap_frames: minimum overlap of neighboring windows, in frames.
    """
    if n_frames <= window_frames:
        return [0]
    n_windows = 1 + math.ceil((n_frames - window_frames) / (window_frames - overlap_frames))
    return [round(i * (n_frames - window_frames) / (n_windows - 1)) for i in range(n_windows)]


def _fades(window_frames: int, overlap_frames: int, *, is_first: bool, is_last: bool) -> Tensor:
    """Cross-fade weights of a window, without fades at the ends of the sound. Shape: returns [window_frames]."""
    ramp = (torch.arange(overlap_frames) + 0.5) / overlap_frames
    weight = torch.ones(window_frames)
    if not is_first:
        weight[:overlap_frames] = ramp
    if not is_last:
        weight[window_frames - overlap_frames :] = torch.minimum(weight[window_frames - overlap_frames :], ramp.flip(0))
    return weight
