"""Loudness matching of one sound to another, by one constant gain and a limiter for peaks that would clip."""

from __future__ import annotations

import math

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.level import peak_level, speech_rms
from hierbatch.audio.limiter import limit
from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.waveform import Waveform, in_blocks

_MAX_PEAK = 0.98
_MAX_LIMITING_DB = 8.0
"""A clipped reference has no peaks to match: its loudness is approached as far as a limiter stays inaudible."""
_LIMITER_MARGIN_DB = 0.1


def match_loudness(waveform: Waveform, reference: Waveform) -> Waveform:
    """Scale a sound to the integrated loudness of a reference (ITU-R BS.1770-4), without clipping its peaks.

    Peaks that would clip are limited by at most 8 dB; beyond that the result stays softer than the reference. If one
    of the sounds is too short or too quiet for that measure, the RMS of the loud frames is matched instead. Silence
    stays unchanged.
    """
    peak = peak_level(waveform.samples)
    if peak == 0:
        return waveform
    wanted = amplitude_gain(loudness_gap_db(waveform, reference))
    gain = min(wanted, amplitude_gain(_MAX_LIMITING_DB) * _MAX_PEAK / peak)
    scaled = waveform.samples * np.float32(gain)
    if gain * peak > _MAX_PEAK:
        ceiling_dbtp = 20 * math.log10(_MAX_PEAK) + _LIMITER_MARGIN_DB
        scaled = np.concatenate(list(limit(in_blocks(scaled), waveform.rate_hz, ceiling_dbtp)))
    return Waveform(scaled, waveform.rate_hz)


def loudness_gap_db(waveform: Waveform, reference: Waveform) -> float:
    """Loudness of the reference relative to the waveform in dB; 0 if one of them is silent."""
    own, target = (measure_loudness(sound.samples, sound.rate_hz) for sound in (waveform, reference))
    if math.isfinite(own) and math.isfinite(target):
        return target - own
    own, target = speech_rms(waveform), speech_rms(reference)
    return 20 * math.log10(target / own) if own > 0 and target > 0 else 0.0
