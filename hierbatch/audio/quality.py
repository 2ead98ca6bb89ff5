"""Signal measures of every take, so that bad takes are found without listening.

Levels are in dB re full scale with a floor of -120 dB, so that silence is a finite number in a table. A measure for
which a take is too short is None. Frames are 20 ms long; a frame is silent if it is at least 40 dB below the loudest
frame, or if its level is -70 dB or less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hierbatch.audio.decibels import power_db
from hierbatch.audio.frame_means import FrameMeans
from hierbatch.audio.loudness import LoudnessMeter
from hierbatch.audio.waveform import Samples, Waveform

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FLOOR_DB = -120.0
_FRAME_S = 0.02
_SILENCE_RE_LOUDEST_DB = -40.0
_ALWAYS_SILENT_DB = -70.0
_FULL_SCALE = 32767 / 32768
_MIN_FRAMES_FOR_SNR = 10
_MAX_SNR_DB = 100.0
_BLOCK_SAMPLES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeQuality:
    """Signal measures of one take."""

    loudness_lufs: float | None
    """Integrated loudness (BS.1770-4); None for silence and for less than 400 ms of sound."""
    rms_db: float
    """RMS of all samples, pauses included."""
    peak_db: float
    """Largest sample magnitude."""
    silence_ratio: float
    """Share of silent frames, including those at the edges; 1 for an empty take."""
    longest_silence_s: float
    """Longest run of silent frames between the first and the last sound; the whole length of a silent take."""
    clipped_samples: int
    """Number of samples at or beyond the largest 16-bit value."""
    snr_db: float | None
    """Level of the frames that are not silent relative to the quietest tenth of all frames, 0 to 100 dB.

    None for silence and for less than 0.2 s of sound.
    """


def measure_take(waveform: Waveform) -> TakeQuality:
    """Measure a take of any length, including an empty one; all numbers are finite if the samples are."""
    meter = TakeMeter(waveform.rate_hz)
    meter.push(waveform.samples)
    return meter.quality()


class TakeMeter:
    """Quality meter for a take that arrives in blocks of any size; stores sixty numbers per second of sound."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._loudness = LoudnessMeter(rate_hz)
        self._frames = FrameMeans(max(1, round(_FRAME_S * rate_hz)))
        self._n_samples = self._clipped = 0
        self._sum = self._peak = 0.0

    def push(self, samples: Samples) -> None:
        """Add a block of samples, shape [L]."""
        for start in range(0, len(samples), _BLOCK_SAMPLES):
            chunk = samples[start : start + _BLOCK_SAMPLES]
            self._loudness.push(chunk)
            block = chunk.astype(np.float64)
            squares = np.square(block)
            self._n_samples += len(block)
            self._sum += float(squares.sum())
            self._peak = max(self._peak, float(squares.max(initial=0.0)))
            self._clipped += int(np.count_nonzero(np.abs(block) >= _FULL_SCALE))
            self._frames.push(squares)

    @property
    def n_samples(self) -> int:
        """Number of samples so far."""
        return self._n_samples

    def quality(self) -> TakeQuality:
        """Measures of the samples so far."""
        powers = self._frame_powers()
        is_silent = powers <= _silence_threshold(powers)
        loudness = self._loudness.loudness_lufs()
        duration_s = self._n_samples / self._rate_hz
        return TakeQuality(
            loudness_lufs=loudness if math.isfinite(loudness) else None,
            rms_db=max(FLOOR_DB, power_db(self._sum / max(1, self._n_samples))),
            peak_db=max(FLOOR_DB, power_db(self._peak)),
            silence_ratio=float(is_silent.mean()),
            longest_silence_s=min(duration_s, _longest_inner_run(is_silent) * _FRAME_S),
            clipped_samples=self._clipped,
            snr_db=_signal_to_noise_db(powers, is_silent),
        )

    def _frame_powers(self) -> Floats:
        """Mean squares of the complete frames; of all samples if there is no complete frame."""
        powers, rest = self._frames.values(), self._frames.rest
        if len(powers):
            return powers
        return np.array([rest.mean() if len(rest) else 0.0])


def _silence_threshold(powers: Floats) -> float:
    below_loudest = float(powers.max()) * 10 ** (_SILENCE_RE_LOUDEST_DB / 10)
    return max(below_loudest, 10 ** (_ALWAYS_SILENT_DB / 10))


def _longest_inner_run(is_silent: Bools) -> int:
    sounds = np.flatnonzero(~is_silent)
    if not len(sounds):
        return len(is_silent)
    return int(np.max(np.diff(sounds) - 1, initial=0))


def _signal_to_noise_db(powers: Floats, is_silent: Bools) -> float | None:
    if is_silent.all() or len(powers) < _MIN_FRAMES_FOR_SNR:
        return None
    noise = float(np.sort(powers)[: len(powers) // 10].mean())
    speech = float(powers[~is_silent].mean())
    return min(_MAX_SNR_DB, max(0.0, power_db(speech / noise))) if noise > 0 else _MAX_SNR_DB
