"""What is measured of every take, so that bad ones are found without listening.

All levels are dB re full scale and never below -120 dB, so that silence stays a number in a table. Frames are 20 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.decibels import power_db
from hierbatch.audio.loudness import measure_loudness
from hierbatch.audio.waveform import Waveform

Numbers = npt.NDArray[np.float64]

FLOOR_DB = -120.0
_FRAME_S = 0.02
_SILENCE_BELOW_SPEECH_DB = 40.0
_ALWAYS_SILENT_DB = -70.0
_FULL_SCALE = 32767 / 32768
_MAX_SNR_DB = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeQuality:
    """Measures of one take."""

    loudness_lufs: float
    """BS.1770-4 integrated loudness; the floor for a take under 400 ms, of which it is not defined."""
    rms_db: float
    """RMS of all samples, pauses included."""
    peak_db: float
    """Highest sample."""
    silence_ratio: float
    """Part of the frames that are silent: 40 dB below the loud frames (95th percentile), or below -70 dB."""
    longest_silence_s: float
    """Longest run of silent frames, at the edges or inside."""
    clipped_samples: int
    """Samples at or past the largest value of 16-bit sound."""
    snr_db: float
    """Mean power of the frames that are not silent over that of the quietest tenth of all; between 0 and 100 dB."""


def measure_take(waveform: Waveform) -> TakeQuality:
    """Measure a take of any length, an empty one too; every value is finite as long as the samples are."""
    samples = waveform.samples.astype(np.float64)
    powers = _frame_powers(samples, max(1, round(_FRAME_S * waveform.rate_hz)))
    is_silent = powers < _silence_threshold(powers)
    return TakeQuality(
        loudness_lufs=max(FLOOR_DB, measure_loudness(waveform.samples, waveform.rate_hz)),
        rms_db=max(FLOOR_DB, power_db(float(np.mean(samples**2)) if len(samples) else 0.0)),
        peak_db=max(FLOOR_DB, power_db(float(np.max(samples**2, initial=0.0)))),
        silence_ratio=float(is_silent.mean()),
        longest_silence_s=min(waveform.duration_s, _longest_run(is_silent) * _FRAME_S),
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
    below_speech = float(np.percentile(powers, 95)) * 10 ** (-_SILENCE_BELOW_SPEECH_DB / 10)
    return max(below_speech, 10 ** (_ALWAYS_SILENT_DB / 10))


def _longest_run(claims: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], claims.astype(np.int8), [0]])))
    return int(np.max(edges[1::2] - edges[::2], initial=0))


def _signal_to_noise_db(powers: Numbers, is_silent: npt.NDArray[np.bool_]) -> float:
    if is_silent.all():
        return 0.0
    noise = float(np.sort(powers)[: max(1, len(powers) // 10)].mean())
    signal = float(powers[~is_silent].mean())
    return min(_MAX_SNR_DB, max(0.0, power_db(signal / noise))) if noise > 0 else _MAX_SNR_DB
