"""A sound with a moving pitch and overtones, made by code."""

import numpy as np

from hierbatch.audio.waveform import Waveform

RATE_HZ = 16_000


def voiced_sound(duration_s, f0_hz, seed=0):
    t = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * (f0_hz * t + 3 * np.sin(2 * np.pi * 0.7 * t))
    sound = sum(np.sin(k * phase) / k for k in range(1, 9)) * 0.1
    return Waveform((sound + np.random.default_rng(seed).normal(scale=1e-3, size=len(t))).astype(np.float32), RATE_HZ)
