"""Making one sound as loud as another, by one gain that never moves."""

from __future__ import annotations

import math

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.level import speech_rms
from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.waveform import Waveform

_HIGHEST_PEAK = 0.98


def match_loudness(waveform: Waveform, reference: Waveform) -> Waveform:
    """The sound at the reference's integrated loudness (ITU-R BS.1770-4), as far as its peaks leave room.

    What is too short or too quiet for that measure is matched by the RMS of its loud frames; silence stays as it is.
    """
    gain_db = loudness_gap_db(waveform, reference)
    peak = float(np.abs(waveform.samples).max(initial=0.0))
    gain = min(amplitude_gain(gain_db), _HIGHEST_PEAK / peak) if peak > 0 else 1.0
    return Waveform(waveform.samples * np.float32(gain), waveform.rate_hz)


def loudness_gap_db(waveform: Waveform, reference: Waveform) -> float:
    """Decibels by which the reference is louder; 0 where one of the two is silent."""
    found, wanted = (measure_loudness(sound.samples, sound.rate_hz) for sound in (waveform, reference))
    if math.isfinite(found) and math.isfinite(wanted):
        return wanted - found
    found, wanted = speech_rms(waveform), speech_rms(reference)
    return 20 * math.log10(wanted / found) if found > 0 and wanted > 0 else 0.0
