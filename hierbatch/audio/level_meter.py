"""Level meter for streamed sound: RMS, sample peak, noise floor, and the silence at both ends.

Noise floor and silence are computed from the power of 10 ms frames, so memory grows by 100 numbers per second of sound.
"""

from __future__ import annotations

import math

import numpy as np

from hierbatch.audio.decibels import power_db
from hierbatch.audio.frame_means import FrameMeans
from hierbatch.audio.waveform import Samples

FRAME_S = 0.01
_NOISE_WINDOW_S = 0.5
_SILENCE_RE_RMS_DB = -30.0


class LevelMeter:
    """Level meter of a sound in blocks of any size, each [L] or [L, C]; the power is the mean over the C channels."""

    def __init__(self, rate_hz: int, n_channels: int = 1) -> None:
        self._n_channels = n_channels
        self._rate_hz = rate_hz
        self._hop = max(1, round(FRAME_S * rate_hz))
        self._frames = FrameMeans(self._hop)
        self._peak = 0.0
        self._energy = 0.0
        self._n_samples = 0

    def push(self, block: Samples) -> None:
        """Add a block of samples."""
        shaped = np.asarray(block, np.float64).reshape(-1, self._n_channels)
        if not len(shaped):
            return
        self._peak = max(self._peak, float(shaped.max()), -float(shaped.min()))
        squares = np.square(shaped)
        # A mean over one channel would take most of the time.
        power = squares[:, 0] if self._n_channels == 1 else squares.mean(axis=1)
        self._energy += float(power.sum())
        self._n_samples += len(power)
        self._frames.push(power)

    @property
    def duration_s(self) -> float:
        """Duration of the sound so far, in seconds."""
        return self._n_samples / self._rate_hz

    def rms_db(self) -> float:
        """RMS of all samples, pauses included, in dB re full scale (a full-scale square wave is 0 dB)."""
        return power_db(self._energy / self._n_samples) if self._n_samples else -math.inf

    def peak_db(self) -> float:
        """Largest sample magnitude in dB re full scale."""
        return power_db(self._peak**2)

    def noise_floor_db(self) -> float:
        """RMS in dB of the quietest half second, as ACX measures room tone; RMS of the whole sound if it is shorter."""
        frames = self._frames.values()
        n_window = round(_NOISE_WINDOW_S / FRAME_S)
        if len(frames) < n_window:
            return self.rms_db()
        # A cumulative sum would leave rounding noise in digital silence.
        windows = np.lib.stride_tricks.sliding_window_view(frames, n_window)
        return power_db(float(windows.mean(axis=1).min()))

    def edge_silence_s(self) -> tuple[float, float]:
        """Silence before the first and after the last loud frame, in seconds.

        A frame is loud if it is at most 30 dB below the RMS of the whole sound. In a mastered audiobook this is about
        -50 dB: well below any speech sound and well above any permitted noise floor.
        """
        frames = self._frames.values()
        threshold = 10 ** ((self.rms_db() + _SILENCE_RE_RMS_DB) / 10)
        loud = np.flatnonzero(frames > threshold)
        if not len(loud):
            return self.duration_s, self.duration_s
        frame_s = self._hop / self._rate_hz
        return float(loud[0] * frame_s), float(max(0.0, self.duration_s - (loud[-1] + 1) * frame_s))
