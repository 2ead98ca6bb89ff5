"""Normalization of speech to the level at which the networks are trained."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.waveform import Samples, Waveform

SPEECH_RMS = 0.06
_MAX_PEAK = 0.98
_FRAME_SAMPLES = 320
_SPEECH_BELOW_LOUDEST_DB = -40.0


def speech_rms(waveform: Waveform) -> float:
    """RMS of the frames within 40 dB of the loudest one, which excludes pauses; 0 for silence."""
    n_frames = max(1, waveform.n_samples // _FRAME_SAMPLES)
    samples = np.resize(waveform.samples, n_frames * _FRAME_SAMPLES) if waveform.n_samples else np.zeros(_FRAME_SAMPLES)
    power = (samples.reshape(n_frames, _FRAME_SAMPLES).astype(np.float64) ** 2).mean(1)
    loud = power >= power.max() * 10 ** (_SPEECH_BELOW_LOUDEST_DB / 10)
    return float(np.sqrt(power[loud].mean()))


def to_speech_level(waveform: Waveform) -> Waveform:
    """Scale a sound to the level at which all networks are trained; silence is returned unchanged."""
    gain = speech_gain(waveform)
    return waveform if gain == 1.0 else Waveform(waveform.samples * np.float32(gain), waveform.rate_hz)


def speech_gain(waveform: Waveform) -> float:
    """Factor that brings speech to the training level without clipping its peaks; 1 for silence."""
    rms = speech_rms(waveform)
    if rms <= 1e-5:
        return 1.0
    return float(min(SPEECH_RMS / rms, _MAX_PEAK / float(np.abs(waveform.samples).max())))


def peak_level(samples: Samples) -> float:
    """Largest absolute sample; 0 for no samples, NaN if one is NaN."""
    return max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))


def below_full_scale(waveform: Waveform) -> Waveform:
    """Attenuate a sound whose peak would clip in a file, by one constant gain; any other is returned unchanged.

    Networks are trained at one RMS level, at which the peaks of some voices exceed full scale.
    """
    peak = peak_level(waveform.samples)
    if not _MAX_PEAK < peak < np.inf:
        return waveform
    return Waveform(waveform.samples * np.float32(_MAX_PEAK / peak), waveform.rate_hz)
