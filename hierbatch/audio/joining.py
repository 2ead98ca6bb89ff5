"""Silence, fades and room tone for joining sounds."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.waveform import Samples

_TONE_CUTOFF_HZ = 2_000.0


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

    White noise through a one-pole low pass. The same seed gives the same noise, whatever the block sizes.

    Args:
        rate_hz: sampling rate.
        level_db: RMS in dB re full scale.
        seed: seed of the noise.
    """

    def __init__(self, rate_hz: int, level_db: float, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        pole = float(np.exp(-2 * np.pi * _TONE_CUTOFF_HZ / rate_hz))
        # A one-pole low pass a / (1 - p z^-1) scales the power of white noise by a^2 / (1 - p^2).
        self._numerator = [amplitude_gain(level_db) * np.sqrt(1 - pole**2)]
        self._denominator = [1.0, -pole]
        self._state = np.zeros(1)

    def generate(self, n_samples: int) -> Samples:
        """Next `n_samples` of the noise."""
        white = self._random.standard_normal(n_samples)
        from scipy import signal  # imported late: it takes half a second, and only audio needs it

        tone, self._state = signal.lfilter(self._numerator, self._denominator, white, zi=self._state)
        result: Samples = tone.astype(np.float32)
        return result
