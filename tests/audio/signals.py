"""Sounds for tests, made by code."""

import math

import numpy as np
from scipy import signal

from hierbatch.audio.waveform import Waveform

_MADE_AT_HZ = 16_000


def tone(frequency_hz, duration_s, rate_hz, level_db=0.0, phase=0.0):
    """A sine whose peak is `level_db` re full scale."""
    times = np.arange(round(duration_s * rate_hz)) / rate_hz
    return (10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * times + phase)).astype(np.float32)


def speech_like(duration_s, rate_hz=16_000, seed=0, level_db=-26.0, lead_s=0.0, trail_s=0.0):
    """Syllables of harmonics and hiss below 8 kHz with pauses between them: the crest and the gaps of speech.

    `level_db` is the RMS of what sounds; `lead_s` and `trail_s` are digital silence inside the length.
    """
    n = round((duration_s - lead_s - trail_s) * _MADE_AT_HZ)
    random = np.random.default_rng(seed)
    times = np.arange(n) / _MADE_AT_HZ
    phase = 2 * np.pi * np.cumsum(120 + 25 * np.sin(2 * np.pi * 0.7 * times + seed)) / _MADE_AT_HZ
    voiced = sum(np.sin(k * phase + random.uniform(0, 0.6)) / k for k in range(1, 16))
    hiss = signal.lfilter([1, -0.9], [1], random.standard_normal(n))
    syllables = np.clip(np.sin(2 * np.pi * 3.3 * times), 0, None) ** 0.7
    beats_s = np.arange(0, duration_s + 0.6, 0.3)
    stress = np.interp(times, beats_s, random.uniform(0.15, 1, len(beats_s)))
    sound = (voiced + 0.15 * hiss) * syllables * stress * signal.windows.tukey(n, 0.02)
    sound *= 10 ** (level_db / 20) / np.sqrt(np.mean(sound**2))
    ends = [np.zeros(round(part_s * _MADE_AT_HZ)) for part_s in (lead_s, trail_s)]
    whole = np.concatenate([ends[0], sound, ends[1]])
    common = math.gcd(rate_hz, _MADE_AT_HZ)
    return Waveform(signal.resample_poly(whole, rate_hz // common, _MADE_AT_HZ // common).astype(np.float32), rate_hz)


def in_blocks(samples, n_block):
    """The same samples in blocks, the last one shorter."""
    return [samples[start : start + n_block] for start in range(0, len(samples), n_block)]
