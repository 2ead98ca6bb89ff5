"""Bandwidth of a recording: the frequency above which it has no content, whatever its sample rate."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.waveform import Waveform

_FFT_SAMPLES = 2048
_LOUD_PERCENTILE = 95.0
_BELOW_LOUDEST_DB = -70.0
_MAX_FRAMES = 4000
_SMOOTHED_BINS = 5
_RESOLUTION_HZ = 10.0


def measure_bandwidth_hz(waveform: Waveform) -> float | None:
    """Highest frequency with content within 70 dB of the strongest one, in the loud moments of each frequency.

    A recording that was resampled from a lower rate, sent over a telephone or encoded at a low bit rate has less than
    half of its sample rate. None under 2048 samples and for silence.
    """
    n_frames = waveform.n_samples // _FFT_SAMPLES
    if not n_frames:
        return None
    frames = waveform.samples[: n_frames * _FFT_SAMPLES].reshape(n_frames, _FFT_SAMPLES)
    frames = frames[:: -(-n_frames // _MAX_FRAMES)].astype(np.float64)  # a sample of a long recording, for memory
    # The side lobes of this window are below -90 dB, so that strong low frequencies do not reach up.
    power = np.abs(np.fft.rfft(frames * np.blackman(_FFT_SAMPLES)[None])) ** 2
    loud = np.percentile(power, _LOUD_PERCENTILE, axis=0)
    loud = np.convolve(loud, np.ones(_SMOOTHED_BINS) / _SMOOTHED_BINS, "same")
    if not loud.max() > 0:
        return None
    present = np.flatnonzero(loud > loud.max() * 10 ** (_BELOW_LOUDEST_DB / 10))
    top_hz = float(present[-1]) * waveform.rate_hz / _FFT_SAMPLES
    return round(top_hz / _RESOLUTION_HZ) * _RESOLUTION_HZ
