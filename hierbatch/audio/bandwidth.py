"""Bandwidth of a recording: the frequency above which it has no content, whatever its sample rate."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.waveform import Waveform

_FFT_SAMPLES = 2048
_QUIET_PERCENTILE, _LOUD_PERCENTILE = 10.0, 95.0
_BELOW_LOUDEST_DB, _ABOVE_NOISE_DB = -70.0, 20.0
_MAX_FRAMES = 4000
_SMOOTHED_BINS = 5
_RESOLUTION_HZ = 10.0


def measure_bandwidth_hz(waveform: Waveform) -> float | None:
    """Measure the highest frequency in Hz that has content.

    A frequency has content if its level in the loud frames is within 70 dB of the strongest frequency and more than
    20 dB above its own level in the quiet frames.
    The bandwidth of a recording that was resampled from a lower rate, sent over a telephone or encoded at a low bit
    rate is below half its sampling rate. The result is None for fewer than 2048 samples, silence and steady noise.
    """
    n_frames = waveform.n_samples // _FFT_SAMPLES
    if not n_frames:
        return None
    frames = waveform.samples[: n_frames * _FFT_SAMPLES].reshape(n_frames, _FFT_SAMPLES)
    frames = frames[:: -(-n_frames // _MAX_FRAMES)].astype(np.float64)  # a sample of a long recording, for memory
    # The side lobes of this window are below -90 dB, so that strong low frequencies do not reach up.
    power = np.abs(np.fft.rfft(frames * np.blackman(_FFT_SAMPLES)[None])) ** 2
    quiet, loud = (
        np.convolve(level, np.ones(_SMOOTHED_BINS) / _SMOOTHED_BINS, "same")
        for level in np.percentile(power, (_QUIET_PERCENTILE, _LOUD_PERCENTILE), axis=0)
    )
    if not loud.max() > 0:
        return None
    # A steady noise varies by about 15 dB between these percentiles, so that it does not count as content.
    is_content = (loud > loud.max() * 10 ** (_BELOW_LOUDEST_DB / 10)) & (loud > quiet * 10 ** (_ABOVE_NOISE_DB / 10))
    present = np.flatnonzero(is_content)
    if not len(present):
        return None
    top_hz = float(present[-1]) * waveform.rate_hz / _FFT_SAMPLES
    return round(top_hz / _RESOLUTION_HZ) * _RESOLUTION_HZ
