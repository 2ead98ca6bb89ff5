"""The level speech has when a network hears it."""

from __future__ import annotations

import numpy as np

from hierbatch.audio.waveform import Waveform

SPEECH_RMS = 0.06
_MOST_PEAK = 0.98
_FRAME_SAMPLES = 320
_QUIET_DB = -40.0


def speech_rms(waveform: Waveform) -> float:
    """RMS of the frames within 40 dB of the loudest, so that pauses do not count; 0 for silence."""
    n_frames = max(1, waveform.n_samples // _FRAME_SAMPLES)
    samples = np.resize(waveform.samples, n_frames * _FRAME_SAMPLES) if waveform.n_samples else np.zeros(_FRAME_SAMPLES)
    power = (samples.reshape(n_frames, _FRAME_SAMPLES).astype(np.float64) ** 2).mean(1)
    loud = power >= power.max() * 10 ** (_QUIET_DB / 10)
    return float(np.sqrt(power[loud].mean()))


def to_speech_level(waveform: Waveform) -> Waveform:
    """The same sound at the level all networks are trained at; silence is returned as it is."""
    gain = speech_gain(waveform)
    return waveform if gain == 1.0 else Waveform(waveform.samples * np.float32(gain), waveform.rate_hz)


def speech_gain(waveform: Waveform) -> float:
    """The factor to the level all networks are trained at, as far as peaks leave room; 1 for silence."""
    rms = speech_rms(waveform)
    if rms <= 1e-5:
        return 1.0
    return float(min(SPEECH_RMS / rms, _MOST_PEAK / float(np.abs(waveform.samples).max())))


def below_full_scale(waveform: Waveform) -> Waveform:
    """The same sound, turned down by one gain where its highest sample would be clipped in a file; no other is touched.

    Networks are trained at one level of RMS, and a peaky voice at that level may pass full scale.
    """
    peak = float(np.abs(waveform.samples).max(initial=0.0))
    if not _MOST_PEAK < peak < np.inf:
        return waveform
    return Waveform(waveform.samples * np.float32(_MOST_PEAK / peak), waveform.rate_hz)
