"""Estimate of a chapter's level after gain and limiter, from the peaks and powers of frames of 10 ms.

The gain for a target level must be known before limiting, but the level is known only afterwards. Limiting a chapter
for every candidate gain would cost a hundred times as much as this estimate, which applies the limiter's rule to
frames: a frame is attenuated as required by its own peak, or by an earlier peak whose release is not over.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from hierbatch.audio.decibels import amplitude_gain, power_db
from hierbatch.audio.frame_means import FrameMeans
from hierbatch.audio.limiter import RELEASE_DB_PER_S
from hierbatch.audio.loudness import HOP_S, KWeighting, gated_loudness
from hierbatch.audio.waveform import Samples
from hierbatch.delivery.profiles import Profile

_FRAME_S = 0.01
_FRAMES_PER_HOP = round(HOP_S / _FRAME_S)

Frames = npt.NDArray[np.float64]


class LevelEstimate:
    """Estimator of the level of a sound after any gain and the limiter, in the unit of the profile's level measure.

    If no peak reaches the limiter's ceiling, the estimate is the measured level plus the gain.

    Args:
        blocks: the sound, in blocks of any size.
        rate_hz: sampling rate of the sound.
        profile: profile with the level measure and the limiter's ceiling.
    """

    def __init__(self, blocks: Iterable[Samples], rate_hz: int, profile: Profile) -> None:
        self._profile = profile
        self._ceiling = amplitude_gain(profile.ceiling_dbtp)
        self._peaks, self._powers, self._mean_power = _measure_frames(blocks, rate_hz, profile)

    def level(self, gain_db: float) -> float:
        """Estimate the level after a gain and the limiter; -inf for silence."""
        kept = 10 ** (-self._attenuation_db(gain_db) / 10)
        gained = self._powers * (kept * 10 ** (gain_db / 10))
        if self._profile.level_measure == "rms_db":
            lost = float(np.sum(self._powers * (1 - kept))) / max(1, len(kept))
            return power_db(max(0.0, self._mean_power - lost)) + gain_db
        whole = gained[: len(gained) // _FRAMES_PER_HOP * _FRAMES_PER_HOP]
        return gated_loudness(whole.reshape(-1, _FRAMES_PER_HOP).mean(axis=1))

    def _attenuation_db(self, gain_db: float) -> Frames:
        over = np.maximum(self._peaks * (amplitude_gain(gain_db) / self._ceiling), 1.0)
        required_db = 20 * np.log10(over)
        slope_db = RELEASE_DB_PER_S * _FRAME_S * np.arange(len(required_db))
        result: Frames = np.maximum(np.maximum.accumulate(required_db + slope_db) - slope_db, 0.0)
        return result


def _measure_frames(blocks: Iterable[Samples], rate_hz: int, profile: Profile) -> tuple[Frames, Frames, float]:
    """Largest magnitude and weighted mean power of each complete frame, and weighted mean power of the whole sound."""
    n_frame = round(_FRAME_S * rate_hz)
    weighting = KWeighting(rate_hz) if profile.level_measure == "loudness_lufs" else None
    powers = FrameMeans(n_frame)
    peaks: list[Frames] = []
    rest: Samples = np.zeros(0, np.float32)
    energy, n_samples = 0.0, 0
    for block in blocks:
        joined = np.concatenate([rest, block])
        n_whole = len(joined) // n_frame * n_frame
        peaks.append(np.abs(joined[:n_whole]).reshape(-1, n_frame).max(axis=1).astype(np.float64))
        rest = joined[n_whole:]
        squares = weighting.squares(block) if weighting else np.square(block, dtype=np.float64)
        powers.push(squares)
        energy, n_samples = energy + float(squares.sum()), n_samples + len(block)
    return np.concatenate([*peaks, np.zeros(0)]), powers.values(), energy / max(1, n_samples)
