"""Loudness matching of one sound to another, by one constant gain and a limiter for peaks that would clip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.level import peak_level, speech_rms
from hierbatch.audio.limiter import limit
from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.waveform import Samples, Waveform

_MAX_PEAK = 0.98
_MAX_LIMITING_DB = 8.0
"""Maximum reduction of peaks by the limiter in dB, since more would be audible."""
_LIMITER_MARGIN_DB = 0.1


@dataclass(frozen=True, slots=True)
class SpeechLoudness:
    """Loudness measures of a sound, by which other sounds are matched to it."""

    integrated_lufs: float
    """Integrated loudness; -inf for a sound that is silent or shorter than 400 ms."""
    rms: float
    """RMS of the loud frames."""


def measure_speech_loudness(waveform: Waveform) -> SpeechLoudness:
    """Measure the loudness of a sound, for `matched_blocks`."""
    return SpeechLoudness(measure_loudness(waveform.samples, waveform.rate_hz), speech_rms(waveform))


def match_loudness(waveform: Waveform, reference: Waveform) -> Waveform:
    """Scale a sound to the integrated loudness of a reference (ITU-R BS.1770-4), without clipping its peaks.

    Peaks that would clip are limited by at most 8 dB; beyond that the result stays softer than the reference. If one
    of the sounds is too short or too quiet to have an integrated loudness, the RMS of the loud frames is matched
    instead. Silence stays unchanged.
    """
    blocks = list(matched_blocks(waveform, measure_speech_loudness(reference)))
    return Waveform(np.concatenate([np.zeros(0, np.float32), *blocks]), waveform.rate_hz)


def matched_blocks(waveform: Waveform, reference: SpeechLoudness) -> Iterator[Samples]:
    """Yield the result of `match_loudness` in blocks, each [L], so that a long sound is not in memory twice."""
    peak = peak_level(waveform.samples)
    if peak == 0:
        yield from waveform.blocks()
        return
    wanted = amplitude_gain(loudness_gap_db(measure_speech_loudness(waveform), reference))
    gain = min(wanted, amplitude_gain(_MAX_LIMITING_DB) * _MAX_PEAK / peak)
    scaled: Iterator[Samples] = (block * np.float32(gain) for block in waveform.blocks())
    if gain * peak > _MAX_PEAK:
        ceiling_dbtp = 20 * math.log10(_MAX_PEAK) + _LIMITER_MARGIN_DB
        scaled = limit(scaled, waveform.rate_hz, ceiling_dbtp)
    yield from scaled


def loudness_gap_db(own: SpeechLoudness, reference: SpeechLoudness) -> float:
    """Gain in dB that brings a sound to the loudness of the reference; 0 if one of them is silent."""
    if math.isfinite(own.integrated_lufs) and math.isfinite(reference.integrated_lufs):
        return reference.integrated_lufs - own.integrated_lufs
    return 20 * math.log10(reference.rms / own.rms) if own.rms > 0 and reference.rms > 0 else 0.0
