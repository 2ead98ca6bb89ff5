"""Levels of a sound that streams by: RMS, sample peak, noise floor, and the silence at both ends.

Everything follows from the power of frames of 10 ms, so memory grows by a hundred numbers a second.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hierbatch.audio.decibels import power_db
from hierbatch.audio.waveform import Samples

Powers = npt.NDArray[np.float64]

FRAME_S = 0.01
_NOISE_WINDOW_S = 0.5
_SILENCE_BELOW_RMS_DB = -30.0


class LevelMeter:
    """Takes blocks of any size, shape [L] or [L, C]; powers are means over the channels."""

    def __init__(self, rate_hz: int, n_channels: int = 1) -> None:
        self._n_channels = n_channels
        self._rate_hz = rate_hz
        self._hop = max(1, round(FRAME_S * rate_hz))
        self._open: Powers = np.zeros(0)
        self._frames: list[Powers] = []
        self._peak = 0.0
        self._energy = 0.0
        self._n_samples = 0

    def push(self, block: Samples) -> None:
        shaped = np.asarray(block, np.float64).reshape(-1, self._n_channels)
        if not len(shaped):
            return
        self._peak = max(self._peak, float(np.abs(shaped).max()))
        power = np.square(shaped).mean(axis=1)
        self._energy += float(power.sum())
        self._n_samples += len(power)
        joined = np.concatenate([self._open, power])
        n_whole = len(joined) // self._hop * self._hop
        self._frames.append(joined[:n_whole].reshape(-1, self._hop).mean(axis=1))
        self._open = joined[n_whole:]

    @property
    def duration_s(self) -> float:
        return self._n_samples / self._rate_hz

    def rms_db(self) -> float:
        """RMS of everything, pauses included, in dB re full scale (a full-scale square wave is 0 dB)."""
        return power_db(self._energy / self._n_samples) if self._n_samples else -math.inf

    def peak_db(self) -> float:
        """Highest sample in dB re full scale."""
        return power_db(self._peak**2)

    def noise_floor_db(self) -> float:
        """RMS of the quietest half second, as ACX's own check looks for room tone; of all of a shorter sound."""
        frames = self._powers()
        n_window = round(_NOISE_WINDOW_S / FRAME_S)
        if len(frames) < n_window:
            return self.rms_db()
        # A cumulative sum would leave rounding noise where the sound is digital silence.
        windows = np.lib.stride_tricks.sliding_window_view(frames, n_window)
        return power_db(float(windows.mean(axis=1).min()))

    def edge_silence_s(self) -> tuple[float, float]:
        """Silence before the first and after the last frame that is loud.

        Loud is what stands no more than 30 dB below the RMS of the whole: about -50 dB in a mastered audiobook,
        well under any speech sound and well over any allowed noise floor.
        """
        frames = self._powers()
        threshold = 10 ** ((self.rms_db() + _SILENCE_BELOW_RMS_DB) / 10)
        loud = np.flatnonzero(frames > threshold)
        if not len(loud):
            return self.duration_s, self.duration_s
        frame_s = self._hop / self._rate_hz
        return float(loud[0] * frame_s), float(max(0.0, self.duration_s - (loud[-1] + 1) * frame_s))

    def _powers(self) -> Powers:
        return np.concatenate(self._frames) if self._frames else np.zeros(0)
