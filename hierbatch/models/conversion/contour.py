"""F0 contour of a conversion: that of the source, transposed to the range of the target.

Legend: T pitch frames (100/s), L samples at 16 kHz.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hierbatch.audio.pitch import (
    F0,
    PitchRange,
    estimate_long_f0,
    estimate_song_f0,
    fill_unvoiced,
    measure_pitch_range,
)
from hierbatch.audio.pitch_trackers import FinePitchTracker, PitchTracker
from hierbatch.audio.waveform import Samples, Waveform
from hierbatch.constants import MEL_HOP_SAMPLES
from hierbatch.models.conversion.interface import ConversionModel, Transposition

FINE_HOP_SAMPLES = MEL_HOP_SAMPLES // 2
"""Hop of the contours of models that normalize F0 themselves."""
_MIN_SPREAD_RATIO, _MAX_SPREAD_RATIO = 0.75, 1.33
"""Limits on the scaling of a contour's spread, since a few seconds of prompt estimate a speaker's range poorly."""


@dataclass(frozen=True, slots=True)
class Contour:
    """Transposed F0 contour of a recording.

    Shape:
        f0_hz       [T]   positive where voiced
        is_voiced   [T]
        normalized  [2T]  pitch input of a model that normalizes F0 itself; None for other models
    """

    f0_hz: F0
    is_voiced: npt.NDArray[np.bool_]
    normalized: F0 | None = None


def transposed_contour(
    model: ConversionModel,
    voice: Any,
    transposition: Transposition,
    sound: Waveform,
    track: PitchTracker,
    spans: Sequence[tuple[int, int]],
) -> Contour:
    """Track the F0 of a recording inside its spans, and transpose it to a voice.

    Args:
        model: conversion model.
        voice: target voice, from the model's `encode_voice`.
        transposition: transposition in semitones, and its reference.
        sound: the whole recording at 16 kHz.
        track: pitch tracker for the recording.
        spans: ranges of samples to convert, end exclusive; frames outside are unvoiced.

    Raises:
        SourceError: the recording is too short for the tracker.
    """
    normalize = model.input_spec.normalize_f0
    if normalize and isinstance(track, FinePitchTracker) and transposition.relative_to == "target":
        fine = estimate_long_f0(sound, track.fine_f0, hop_samples=FINE_HOP_SAMPLES)
        fine = fine * _frames_inside(spans, sound.n_samples, FINE_HOP_SAMPLES)
        normalized = normalize(fine, voice, transposition)
        normalized_hz = np.expm1(normalized[1::2])
        return Contour(normalized_hz, normalized_hz > 0, normalized)
    if transposition.keeps_intervals and not isinstance(track, FinePitchTracker):
        track = estimate_song_f0
    f0_hz = estimate_long_f0(sound, track) * _frames_inside(spans, sound.n_samples, MEL_HOP_SAMPLES)
    return Contour(transpose_f0(f0_hz, model.pitch_range(voice), transposition), f0_hz > 0)


def transpose_f0(f0_hz: F0, target: PitchRange, transposition: Transposition = Transposition()) -> F0:  # noqa: B008 - a frozen value
    """Transpose an F0 contour, fill unvoiced frames and, unless intervals are kept, adapt the spread to the target's.

    Args:
        f0_hz: source contour.
        target: pitch range of the target voice.
        transposition: transposition in semitones, and its reference.

    Shape:
        f0_hz    [T]  0 where unvoiced
        returns  [T]  positive
    """
    own = measure_pitch_range(f0_hz)
    if transposition.keeps_intervals:
        octaves = round(math.log2(target.median_hz / own.median_hz)) if transposition.relative_to != "song" else 0
        transposed: F0 = fill_unvoiced(f0_hz, own.median_hz) * np.float32(2 ** (octaves + transposition.semitones / 12))
        return transposed
    ratio = target.spread_semitones / own.spread_semitones if own.spread_semitones > 0 else 1.0
    ratio = min(_MAX_SPREAD_RATIO, max(_MIN_SPREAD_RATIO, ratio))
    semitones = ratio * 12 * np.log2(fill_unvoiced(f0_hz, own.median_hz) / own.median_hz)
    base_hz = own.median_hz if transposition.relative_to == "source" else target.median_hz
    result: F0 = (base_hz * 2 ** ((semitones + transposition.semitones) / 12)).astype(np.float32)
    return result


def _frames_inside(spans: Sequence[tuple[int, int]], n_samples: int, hop_samples: int) -> Samples:
    """1 for each frame whose first sample is inside a span, 0 for the others; the last frame may be incomplete."""
    inside = np.zeros(-(-n_samples // hop_samples), np.float32)
    for start, end in spans:
        inside[-(-start // hop_samples) : -(-end // hop_samples)] = 1
    return inside
