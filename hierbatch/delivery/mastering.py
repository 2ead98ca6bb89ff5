"""Mastering of a chapter to the level of a profile, by a constant gain, room tone and a true-peak limiter.

The gain is constant over the chapter, so that the dynamics are preserved. It is derived from an estimate of the level
after the limiter (RMS for acx, BS.1770 loudness otherwise). The level of the result is measured; if it misses the
target, the estimate is corrected and the chapter is mastered again from the unprocessed audio.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.level_meter import LevelMeter
from hierbatch.audio.limiter import limit
from hierbatch.audio.loudness import LoudnessMeter
from hierbatch.audio.waveform import Samples
from hierbatch.delivery.level_estimate import LevelEstimate
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.profiles import Profile
from hierbatch.delivery.room_tone import SharedRoomTone
from hierbatch.errors import RunError

_TOLERANCE_DB = 0.1
_MAX_CORRECTIONS = 4
_MAX_STEPS = 8
_MIN_SLOPE = 0.2
_ESTIMATE_TOLERANCE_DB = 0.01


@dataclass(frozen=True, slots=True)
class Mastering:
    """Result of mastering: the applied gain and the final level, in the unit of the profile's level measure."""

    gain_db: float
    level: float


def master_chapter(assembled: Path, mastered: Path, rate_hz: int, profile: Profile, tone: SharedRoomTone) -> Mastering:
    """Master a chapter from one file of raw audio (see `hierbatch.delivery.pcm`) to another.

    Args:
        assembled: raw input file.
        mastered: raw output file.
        rate_hz: sample rate of both files.
        profile: level target and limits.
        tone: room tone at `rate_hz` and at the profile's level.

    Raises:
        RunError: the chapter is silent, so no gain can bring it to the target level.
        StorageError: the disk is full.
    """
    estimate = LevelEstimate(read_pcm(assembled), rate_hz, profile)
    if not math.isfinite(estimate.level(0.0)):
        raise RunError("A chapter contains only silence", expected="speech", fix="check the run's quality columns")
    gain_db = _solve_gain(estimate, profile.level_target)
    level = _master(assembled, mastered, rate_hz, gain_db, profile, tone)
    for _ in range(_MAX_CORRECTIONS):
        if abs(profile.level_target - level) <= _TOLERANCE_DB:
            break
        estimate_error_db = level - estimate.level(gain_db)
        gain_db = _solve_gain(estimate, profile.level_target - estimate_error_db)
        level = _master(assembled, mastered, rate_hz, gain_db, profile, tone)
    return Mastering(gain_db, level)


def _solve_gain(estimate: LevelEstimate, target: float) -> float:
    """Find the gain in dB whose estimated level is the target, or as close to it as the limiter allows."""
    level, gain_db, slope = estimate.level(0.0), 0.0, 1.0
    for _ in range(_MAX_STEPS):
        missing_db = target - level
        if abs(missing_db) <= _ESTIMATE_TOLERANCE_DB:
            break
        # The limiter absorbs part of each added decibel; estimate the rest by the secant of the last two steps.
        step_db, before = missing_db / slope, level
        gain_db += step_db
        level = estimate.level(gain_db)
        slope = min(1.0, max(_MIN_SLOPE, (level - before) / step_db))
    return gain_db


def _master(
    assembled: Path, mastered: Path, rate_hz: int, gain_db: float, profile: Profile, tone: SharedRoomTone
) -> float:
    """Write the chapter with a gain, and return the level of the result in the unit of the profile's level measure."""
    is_rms = profile.level_measure == "rms_db"
    meter: LevelMeter | LoudnessMeter = LevelMeter(rate_hz) if is_rms else LoudnessMeter(rate_hz)
    limited = limit(_with_tone(read_pcm(assembled), gain_db, tone), rate_hz, profile.ceiling_dbtp)
    write_pcm(mastered, _measured(limited, meter))
    return meter.rms_db() if isinstance(meter, LevelMeter) else meter.loudness_lufs()


def _with_tone(blocks: Iterable[Samples], gain_db: float, tone: SharedRoomTone) -> Iterator[Samples]:
    gain = np.float32(amplitude_gain(gain_db))
    position = 0
    for block in blocks:
        yield block * gain + tone.read(position, len(block))
        position += len(block)


def _measured(blocks: Iterable[Samples], meter: LevelMeter | LoudnessMeter) -> Iterator[Samples]:
    """Yield the blocks, and push each to a meter."""
    for block in blocks:
        meter.push(block)
        yield block
