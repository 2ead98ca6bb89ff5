"""Chapter mastering: one static gain, room tone and a true-peak limiter bring a chapter to its profile's level.

The gain is constant over the chapter, so its dynamics are preserved. It is derived from the level of the whole chapter
(RMS for acx, BS.1770 loudness otherwise). If the limiter lowers the level too far below the target, the gain is
corrected and the chapter is mastered again from the unprocessed audio.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hierbatch.audio.decibels import amplitude_gain
from hierbatch.audio.joining import RoomTone
from hierbatch.audio.level_meter import LevelMeter
from hierbatch.audio.limiter import limit
from hierbatch.audio.loudness import LoudnessMeter
from hierbatch.audio.waveform import Samples
from hierbatch.delivery.pcm import read_pcm, write_pcm
from hierbatch.delivery.profiles import Profile
from hierbatch.errors import RunError

_TOLERANCE_DB = 0.1
_MAX_CORRECTIONS = 4
_MIN_SLOPE = 0.2


@dataclass(frozen=True, slots=True)
class Mastering:
    """Result of mastering: the applied gain and the final level, in the unit of the profile's level measure."""

    gain_db: float
    level: float


def master_chapter(assembled: Path, mastered: Path, rate_hz: int, profile: Profile) -> Mastering:
    """Master raw audio (see `pcm`) from one file into another.

    Args:
        assembled: raw input file.
        mastered: raw output file.
        rate_hz: sample rate of both.
        profile: level target and limits.

    Raises:
        RunError: the chapter is silent, so no gain can bring it to the target level.
        StorageError: the disk is full.
    """
    raw_level = _level(read_pcm(assembled), rate_hz, profile)
    if not math.isfinite(raw_level):
        raise RunError("A chapter contains only silence", expected="speech", fix="check the run's quality columns")
    gain_db, slope = profile.level_target - raw_level, 1.0
    level = _master(assembled, mastered, rate_hz, gain_db, profile)
    for _ in range(_MAX_CORRECTIONS):
        missing_db = profile.level_target - level
        if abs(missing_db) <= _TOLERANCE_DB:
            break
        # The limiter absorbs part of each added decibel; estimate the rest by the secant of the last two passes.
        step_db, before = missing_db / slope, level
        gain_db += step_db
        level = _master(assembled, mastered, rate_hz, gain_db, profile)
        slope = min(1.0, max(_MIN_SLOPE, (level - before) / step_db))
    return Mastering(gain_db, level)


def _master(assembled: Path, mastered: Path, rate_hz: int, gain_db: float, profile: Profile) -> float:
    write_pcm(mastered, _mastered(read_pcm(assembled), rate_hz, gain_db, profile))
    return _level(read_pcm(mastered), rate_hz, profile)


def _mastered(blocks: Iterable[Samples], rate_hz: int, gain_db: float, profile: Profile) -> Iterator[Samples]:
    tone = RoomTone(rate_hz, profile.room_tone_db)
    gain = np.float32(amplitude_gain(gain_db))
    return limit((block * gain + tone.generate(len(block)) for block in blocks), rate_hz, profile.ceiling_dbtp)


def _level(blocks: Iterable[Samples], rate_hz: int, profile: Profile) -> float:
    loudness, levels = LoudnessMeter(rate_hz), LevelMeter(rate_hz)
    for block in blocks:
        loudness.push(block)
        levels.push(block)
    return levels.rms_db() if profile.level_measure == "rms_db" else loudness.loudness_lufs()
