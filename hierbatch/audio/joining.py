"""What stands between sounds, and their edges: silence, fades, room tone."""

from __future__ import annotations

import numpy as np
from scipy import signal

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.waveform import Samples

_TONE_CUTOFF_HZ = 2_000.0


def silence(n_samples: int) -> Samples:
    return np.zeros(n_samples, np.float32)


def fade_edges(samples: Samples, n_fade: int) -> Samples:
    """The sound with raised-cosine edges, so that it may start and stop anywhere without a click."""
    n_fade = min(n_fade, len(samples) // 2)
    if n_fade == 0:
        return samples
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n_fade) + 0.5) / n_fade)).astype(np.float32)
    faded = samples.copy()
    faded[:n_fade] *= ramp
    faded[-n_fade:] *= ramp[::-1]
    return faded


class RoomTone:
    """A steady, dull noise of a given RMS: pauses keep the air of a room and never fall into digital silence.

    White noise through a one-pole low pass; the same seed gives the same noise however it is asked for.
    """

    def __init__(self, rate_hz: int, level_db: float, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        pole = float(np.exp(-2 * np.pi * _TONE_CUTOFF_HZ / rate_hz))
        # A one-pole low pass a / (1 - p z^-1) leaves a^2 / (1 - p^2) of white noise's power.
        self._numerator = [amplitude_gain(level_db) * np.sqrt(1 - pole**2)]
        self._denominator = [1.0, -pole]
        self._state = np.zeros(1)

    def take(self, n_samples: int) -> Samples:
        white = self._random.standard_normal(n_samples)
        tone, self._state = signal.lfilter(self._numerator, self._denominator, white, zi=self._state)
        return tone.astype(np.float32)
