"""Room tone that all chapters of a book share: generated once, kept in a file, and read from its start by each."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from hierbatch.audio.joining import RoomTone
from hierbatch.audio.waveform import Samples
from hierbatch.storage import storage_error

_BLOCK_SAMPLES = 1 << 18


class SharedRoomTone:
    """Samples of `RoomTone` at any position, for several threads; equal to those that a new `RoomTone` generates.

    Args:
        path: file for the samples; it grows to the length of the longest chapter.
        rate_hz: sampling rate.
        level_db: RMS in dB re full scale.
    """

    def __init__(self, path: Path, rate_hz: int, level_db: float) -> None:
        self._path = path
        self._tone = RoomTone(rate_hz, level_db)
        self._n_generated = 0
        self._lock = threading.Lock()

    def read(self, start: int, n_samples: int) -> Samples:
        """Samples from position `start`; raises StorageError if the disk is full."""
        try:
            with self._lock:
                self._generate(start + n_samples)
            return np.fromfile(self._path, "<f4", n_samples, offset=4 * start)
        except OSError as error:
            raise storage_error(error, self._path) from error

    def _generate(self, n_samples: int) -> None:
        if n_samples <= self._n_generated:
            return
        with self._path.open("ab") as file:
            while self._n_generated < n_samples:
                file.write(self._tone.generate(_BLOCK_SAMPLES).astype("<f4").data)
                self._n_generated += _BLOCK_SAMPLES
