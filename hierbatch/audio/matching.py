"""Loudness matching of one sound to another, by one constant gain."""

from __future__ import annotations

import math

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.level import speech_rms
from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.waveform import Waveform

_MAX_PEAK = 0.98


def match_loudness(waveform: Waveform, reference: Waveform) -> Waveform:
    """Scale a sound to the integrated loudness of a reference (ITU-R BS.1770-4), without clipping its peaks.

    If one of them is too short or too quiet for that measure, the RMS of the loud frames is matched instead. Silence
    stays unchanged.
    """
    gain_db = loudness_gap_db(waveform, reference)
    peak = float(np.abs(waveform.samples).max(initial=0.0))
    gain = min(amplitude_gain(gain_db), _MAX_PEAK / peak) if peak > 0 else 1.0
    return Waveform(waveform.samples * np.float32(gain), waveform.rate_hz)


def loudness_gap_db(waveform: Waveform, reference: Waveform) -> float:
    """Loudness of the reference relative to the waveform in dB; 0 if one of them is silent."""
    own, target = (measure_loudness(sound.samples, sound.rate_hz) for sound in (waveform, reference))
    if math.isfinite(own) and math.isfinite(target):
        return target - own
    own, target = speech_rms(waveform), speech_rms(reference)
    return 20 * math.log10(target / own) if own > 0 and target > 0 else 0.0
