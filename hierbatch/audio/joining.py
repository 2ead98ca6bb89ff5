"""Silence, fades and room tone for joining sounds."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.recursive_filter import RecursiveFilter
from hierbatch.audio.waveform import Samples

_TONE_CUTOFF_HZ = 2_000.0
_TONE_BLOCK_SAMPLES = 1 << 14


def silence(n_samples: int) -> Samples:
    """Digital silence, shape [n_samples]."""
    return np.zeros(n_samples, np.float32)


def fade_edges(samples: Samples, n_fade: int) -> Samples:
    """Fade in and out over `n_fade` samples (raised cosine), so that the sound starts and stops without a click."""
    n_fade = min(n_fade, len(samples) // 2)
    if n_fade == 0:
        return samples
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n_fade) + 0.5) / n_fade)).astype(np.float32)
    faded = samples.copy()
    faded[:n_fade] *= ramp
    faded[-n_fade:] *= ramp[::-1]
    return faded


class RoomTone:
    """Low-passed noise of constant level, so that pauses sound like a room and never drop to digital silence.

    White noise through a one-pole low pass. The same seed gives the same noise, whatever the lengths requested.

    Args:
        rate_hz: sampling rate.
        level_db: RMS in dB re full scale.
        seed: seed of the noise.
    """

    def __init__(self, rate_hz: int, level_db: float, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        pole = float(np.exp(-2 * np.pi * _TONE_CUTOFF_HZ / rate_hz))
        # A one-pole low pass a / (1 - p z^-1) scales the power of white noise by a^2 / (1 - p^2).
        gain = amplitude_gain(level_db) * np.sqrt(1 - pole**2)
        self._low_pass = RecursiveFilter([[gain, 0, 0, 1, -pole, 0]])
        self._generated = np.zeros(0, np.float32)

    def generate(self, n_samples: int) -> Samples:
        """Generate the next `n_samples` samples of the noise."""
        blocks, n_left = [self._generated], n_samples - len(self._generated)
        while n_left > 0:
            # Blocks of one size, so that rounding does not depend on the numbers of samples asked for.
            white = self._random.standard_normal(_TONE_BLOCK_SAMPLES)
            blocks.append(self._low_pass(white).astype(np.float32))
            n_left -= _TONE_BLOCK_SAMPLES
        joined = np.concatenate(blocks)
        self._generated = joined[n_samples:]
        return joined[:n_samples]
