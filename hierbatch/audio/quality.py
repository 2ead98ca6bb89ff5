"""What is measured of every take, so that bad ones are found without listening.

Levels are dB re full scale and never below -120 dB, so that silence stays a number in a table; what a take is too
short to tell is None. Frames are 20 ms; a silent frame lies 40 dB below the loudest one, or below -70 dB.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.decibels import power_db
from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.waveform import Waveform

Numbers = npt.NDArray[np.float64]
Claims = npt.NDArray[np.bool_]

FLOOR_DB = -120.0
_FRAME_S = 0.02
_SILENCE_BELOW_LOUDEST_DB = -40.0
_ALWAYS_SILENT_DB = -70.0
_FULL_SCALE = 32767 / 32768
_MIN_FRAMES_FOR_SNR = 10
_MAX_SNR_DB = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeQuality:
    """Measures of one take."""

    loudness_lufs: float | None
    """BS.1770-4 integrated loudness; None under 400 ms and in silence."""
    rms_db: float
    """RMS of all samples, pauses included."""
    peak_db: float
    """Highest sample."""
    silence_ratio: float
    """Part of the frames that are silent, those at the edges too; 1 for an empty take."""
    longest_silence_s: float
    """Longest run of silent frames between the first and the last sound; of silence throughout, all of it."""
    clipped_samples: int
    """Samples at or past the largest value of 16-bit sound."""
    snr_db: float | None
    """Mean power of the frames that are not silent over that of the quietest tenth of all frames, 0 to 100 dB.

    None under 0.2 s and in silence.
    """


def measure_take(waveform: Waveform) -> TakeQuality:
    """Measure a take of any length, an empty one too; every number is finite as long as the samples are."""
    samples = waveform.samples.astype(np.float64)
    powers = _frame_powers(samples, max(1, round(_FRAME_S * waveform.rate_hz)))
    is_silent = powers <= _silence_threshold(powers)
    loudness = measure_loudness(waveform.samples, waveform.rate_hz)
    return TakeQuality(
        loudness_lufs=loudness if math.isfinite(loudness) else None,
        rms_db=max(FLOOR_DB, power_db(float(np.mean(samples**2)) if len(samples) else 0.0)),
        peak_db=max(FLOOR_DB, power_db(float(np.max(samples**2, initial=0.0)))),
        silence_ratio=float(is_silent.mean()),
        longest_silence_s=min(waveform.duration_s, _longest_inner_run(is_silent) * _FRAME_S),
        clipped_samples=int(np.count_nonzero(np.abs(samples) >= _FULL_SCALE)),
        snr_db=_signal_to_noise_db(powers, is_silent),
    )


def _frame_powers(samples: Numbers, hop: int) -> Numbers:
    """Mean squares of whole frames; of a sound under one frame, of all of it."""
    n_frames = len(samples) // hop
    if n_frames == 0:
        return np.array([np.mean(samples**2) if len(samples) else 0.0])
    return np.square(samples[: n_frames * hop]).reshape(n_frames, hop).mean(axis=1)


def _silence_threshold(powers: Numbers) -> float:
    below_loudest = float(powers.max()) * 10 ** (_SILENCE_BELOW_LOUDEST_DB / 10)
    return max(below_loudest, 10 ** (_ALWAYS_SILENT_DB / 10))


def _longest_inner_run(is_silent: Claims) -> int:
    sounds = np.flatnonzero(~is_silent)
    if not len(sounds):
        return len(is_silent)
    return int(np.max(np.diff(sounds) - 1, initial=0))


def _signal_to_noise_db(powers: Numbers, is_silent: Claims) -> float | None:
    if is_silent.all() or len(powers) < _MIN_FRAMES_FOR_SNR:
        return None
    noise = float(np.sort(powers)[: len(powers) // 10].mean())
    speech = float(powers[~is_silent].mean())
    return min(_MAX_SNR_DB, max(0.0, power_db(speech / noise))) if noise > 0 else _MAX_SNR_DB
